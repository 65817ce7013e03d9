/**
 * A meter whose secrets are known: its processor notes what the image hands to the crypto engine and what goes over the lines, and
 * each secret gets the name of what it protects (requirements.md A6).
 */

import type { Cpu, RunningImage } from '#emulator/cpu/cpu';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import type { CryptoEngine } from '#hw/crypto-engine';
import type { Hardware } from '#hw/hardware';
import { deviceKeys } from '#test/support/journal-forgery';

/** What a secret is, by what it was used for. */
export const secretKinds = [
  'secret of the fuses',
  'keys of the device secret',
  'private keys',
  'vault key',
  'keys of passwords',
  'passwords',
  'keys of sessions',
  'generator',
] as const;
export type SecretKind = (typeof secretKinds)[number];

export interface Witness {
  readonly cpu: Cpu;
  /** Hex of each secret that was used since the last call of {@link Witness.forget}. */
  readonly secrets: ReadonlyMap<string, SecretKind>;
  /** Everything that went over the ports, both ways. */
  lines(): Uint8Array;
  forget(): void;
}

const DEVICE_SECRET = '5e'.repeat(32);
const hexOf = (bytes: ArrayBuffer | Uint8Array): string =>
  Buffer.from(bytes as Uint8Array).toString('hex');
const ofDevice = new Set(Object.values(deviceKeys).map(hexOf));
/** The scalar that public keys are probed with. */
const PROBE = `${'00'.repeat(31)}01`;

/** By what stands beside a sealed text (firmware/vault.ts, protocol/record.ts). */
function kindOfCipherKey(associated: string): SecretKind | undefined {
  if (associated === 'PMA1 record') return 'keys of sessions';
  if (associated === 'indicium key') return 'vault key';
  if (associated.startsWith('vault key of')) return 'keys of passwords';
  return undefined; // the device seal is known by itself; the rest are known answers
}

export function createWitness(knownAnswerKeys: ReadonlySet<string>): Witness {
  const cpu = createQuickJsCpu();
  const secrets = new Map<string, SecretKind>();
  const digests = new Set<string>();
  let traffic: Uint8Array[] = [];
  let cipherKey = '';
  /** The counter of a derivation (SP 800-108) stands before what the key is for; a proof of the handshake has none. */
  let hasCounter = false;
  let isOfSession = false;

  function note(kind: SecretKind, secret: ArrayBuffer | string): void {
    const hex = typeof secret === 'string' ? secret : hexOf(secret);
    if (hex.length < 16 || knownAnswerKeys.has(hex) || digests.has(hex) || hex === PROBE) return;
    if (hex === DEVICE_SECRET) secrets.set(hex, 'secret of the fuses');
    else secrets.set(hex, ofDevice.has(hex) ? 'keys of the device secret' : kind);
  }

  const begin = (key: ArrayBuffer): ArrayBuffer => {
    cipherKey = hexOf(key);
    return key;
  };

  const through = (engine: CryptoEngine): CryptoEngine => ({
    ...engine,
    hashEnd() {
      const digest = engine.hashEnd();
      digests.add(hexOf(digest)); // that of the handshake is a MAC key, and everybody on the line can have it
      return digest;
    },
    sign(key) {
      note('private keys', key);
      return engine.sign(key);
    },
    publicKey(key) {
      note('private keys', key);
      return engine.publicKey(key);
    },
    agree(key, other) {
      note('private keys', key);
      const shared = engine.agree(key, other);
      note('keys of sessions', shared);
      return shared;
    },
    macBegin(key) {
      hasCounter = false;
      isOfSession = false;
      note('generator', key);
      engine.macBegin(key);
    },
    macUpdate(data) {
      const text = Buffer.from(data).toString('latin1');
      isOfSession ||= hasCounter && text.startsWith('PMA1 ');
      hasCounter = text === '\0\0\0\x01' || text === '\0\0\0\x02';
      engine.macUpdate(data);
    },
    macEnd() {
      const answer = engine.macEnd();
      if (isOfSession) note('keys of sessions', answer);
      return answer;
    },
    stretch(password, salt, iterations) {
      note('passwords', password);
      const stretched = engine.stretch(password, salt, iterations);
      note('keys of passwords', stretched);
      return stretched;
    },
    sealBegin: (key, nonce) => engine.sealBegin(begin(key), nonce),
    openBegin: (key, nonce) => engine.openBegin(begin(key), nonce),
    cipherAssociated(data) {
      const kind = kindOfCipherKey(Buffer.from(data).toString('latin1'));
      if (kind !== undefined || ofDevice.has(cipherKey)) note(kind ?? 'generator', cipherKey);
      engine.cipherAssociated(data);
    },
  });

  const heard = (hardware: Hardware): Hardware => ({
    ...hardware,
    cryptoEngine: hardware.cryptoEngine && through(hardware.cryptoEngine),
    ports: {
      send(port, data) {
        traffic.push(new Uint8Array(data).slice());
        hardware.ports.send(port, data);
      },
    },
  });

  return {
    secrets,
    lines: () => Buffer.concat(traffic),
    forget() {
      traffic = [];
    },
    cpu: {
      ...cpu,
      boot(program, hardware): RunningImage {
        const running = cpu.boot(program, heard(hardware));
        return {
          receive(port, data) {
            traffic.push(new Uint8Array(data).slice());
            running.receive(port, data);
          },
          tick: () => running.tick(),
          get algorithms() {
            return running.algorithms;
          },
          machine: running.machine,
          kill: () => running.kill(),
        };
      },
    },
  };
}
