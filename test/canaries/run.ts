/** Each event in the life of a meter, and every place where a secret could have been left behind it (docs/self-tests.md). */

import type { EngineFault } from '#emulator/engine-fault';
import { createMemoryFlash } from '#emulator/flash';
import { findSecrets, type Places } from '#emulator/secret-scan';
import { bench } from '#test/support/error-state';
import { keyMaterialOf } from '#test/support/key-material';
import { flashAt, meterWith, passwords, type TestMeter } from '#test/support/meter';
import { atWork, type CanaryEvent } from './events.ts';
import { createWitness, type SecretKind, type Witness } from './witness.ts';

export const places = ['memory', 'flash', 'lines', 'status'] as const;
export type PlaceName = (typeof places)[number];

export interface EventRow {
  readonly event: string;
  /** How many secrets were scanned for. */
  readonly secrets: number;
  /** Kinds that the scan found in memory while the meter worked: it can find them. */
  readonly control: readonly SecretKind[];
  /** By place: what was found that must be gone, as `kind, form`. */
  readonly found: Readonly<Record<PlaceName, readonly string[]>>;
  /** Places where a secret was put and not found: the scan is blind there. */
  readonly blind: readonly string[];
}

/** Half a key is a key found. */
const BYTES_MIN = 16;

let known: Promise<ReadonlySet<string>> | undefined;

/** Keys of the known answers: all that an image uses which stops at the last of them. */
async function knownAnswerKeys(): Promise<ReadonlySet<string>> {
  const witness = createWitness(new Set());
  const cryptoEngine = { call: 'publicKey', answer: 'wrong' } as const;
  await using _ = bench(createMemoryFlash(), { cpu: witness.cpu, cryptoEngine });
  return new Set(witness.secrets.keys());
}

/** What the image used, and what it keeps under seal. */
function secretsOf(witness: Witness, planted: Map<string, SecretKind>) {
  return new Map([...planted, ...witness.secrets]);
}

const kindByName: Readonly<Record<string, SecretKind>> = {
  'device key': 'private keys',
  'indicium key': 'private keys',
  'vault key': 'vault key',
  'device seal': 'keys of the device secret',
  'password of the user': 'passwords',
  'password of the crypto officer': 'passwords',
};

function scan(secrets: ReadonlyMap<string, SecretKind>, content: Places) {
  const named = Object.fromEntries(
    [...secrets.keys()].map((hex) => [hex, Buffer.from(hex, 'hex')]),
  );
  return findSecrets(named, content, { bytesMin: BYTES_MIN }).map(({ secret, place, form }) => ({
    place: place as PlaceName,
    kind: secrets.get(secret) as SecretKind,
    secret,
    form,
  }));
}

async function contentOf({ board, flash }: TestMeter, witness: Witness) {
  const told = { indicator: board.indicator, fault: board.fault, figures: board.cpuFigures };
  return {
    memory: board.memory() ?? new Uint8Array(0),
    flash: flash.contents(),
    lines: witness.lines(),
    status: JSON.stringify(told),
  };
}

export async function runEvent(event: CanaryEvent): Promise<EventRow> {
  known ??= knownAnswerKeys();
  const witness = createWitness(await known);
  let isBroken = false;
  const cryptoEngine: EngineFault = { call: 'sign', answer: 'short', isOn: () => isBroken };
  const flash = await flashAt('refilled');
  const planted = new Map(
    keyMaterialOf(flash).clear.map(([name, bytes]) => [
      Buffer.from(bytes).toString('hex'),
      kindByName[name] as SecretKind,
    ]),
  );
  await using meter = meterWith(flash, { cpu: witness.cpu, cryptoEngine });
  if (event.isStranger !== true) await atWork(meter);
  const before = scan(secretsOf(witness, planted), { memory: meter.board.memory() ?? '' });
  isBroken = event.breaksEngine === true;
  await event.perform(meter);
  const secrets = secretsOf(witness, planted);
  const content = await contentOf(meter, witness);
  const found = scan(secrets, content).filter(
    ({ place, kind }) => place !== 'memory' || !event.living.includes(kind),
  );
  return {
    event: event.name,
    secrets: secrets.size,
    control: [...new Set(before.map(({ kind }) => kind))],
    found: Object.fromEntries(
      places.map((place) => [
        place,
        found
          .filter((each) => each.place === place)
          .map(({ kind, secret, form }) => `${kind} ${secret.slice(0, 8)}…, ${form}`),
      ]),
    ) as unknown as EventRow['found'],
    blind: blindIn(content),
  };
}

/** A password put into a copy of each place, in the middle, as bytes and as it would be written: what the scan must find. */
export function blindIn(content: Places): string[] {
  const secret = passwords.cryptoOfficer();
  const hex = Buffer.from(secret).toString('hex');
  return Object.entries(content).flatMap(([place, what]) => {
    const bytes = Buffer.from(what as Uint8Array);
    const half = bytes.length >> 1;
    return [Buffer.from(secret), Buffer.from(hex)].flatMap((planted, at) => {
      const copy = Buffer.concat([bytes.subarray(0, half), planted, bytes.subarray(half)]);
      const named = { [hex]: Buffer.from(secret) };
      return findSecrets(named, { [place]: copy }).length > 0 ? [] : [`${place} ${at}`];
    });
  });
}
