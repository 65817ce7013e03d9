/** Has pieces issued by a host process that is started again until all are there, and judges what came of it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hexToBytes } from '@noble/hashes/utils.js';
import { nodeCrypto } from '#driver/node-crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { addDays, dateOf } from '#protocol/documents/date';
import { type Indicium, verifyIndicium } from '#protocol/documents/indicium';
import { seededRandom } from './seeded-random.ts';

export interface Issuing {
  readonly port: string;
  readonly home: string;
  readonly passwordFile: string;
  /** Where the emulator keeps the meter. */
  readonly meterDirectory: string;
  readonly count: number;
}

/** Where something is killed: when, after a piece was told, files of host or meter have changed so often. */
export interface Kill {
  readonly afterPiece: number;
  readonly changes: number;
}

/** Host and meter write six times for a piece: a kill may hit any step of it. */
const CHANGES_BOUND = 7;

/** A plan that a seed decides, in the order of the pieces. */
export function killPlan(seed: string, kills: number, count: number): Kill[] {
  const random = seededRandom(seed);
  const below = (bound: number): number => new DataView(random(4).buffer).getUint32(0) % bound;
  const stretch = Math.floor(count / (kills + 1));
  return Array.from({ length: kills }, (_, place) => ({
    afterPiece: place * stretch + 1 + below(stretch),
    changes: below(CHANGES_BOUND),
  }));
}

const script = fileURLToPath(new URL('issuing-host.ts', import.meta.url));
const piecesFile = (home: string): string => join(home, 'pieces');

/**
 * Runs the host until all pieces are there.
 * @param kill called at each place of the plan; the host must end because of it
 * @returns how often it was started
 */
export async function issueAll(
  { port, home, passwordFile, meterDirectory, count }: Issuing,
  plan: readonly Kill[],
  kill: (host: ChildProcess) => Promise<void> | void,
): Promise<number> {
  // tomorrow, so that midnight does not come between two starts
  const date = addDays(dateOf(Date.now()), 1);
  const parameters = [port, home, passwordFile, piecesFile(home), String(count), String(date)];
  const waiting = [...plan];
  for (let start = 1; ; start++) {
    const host = spawn(process.execPath, [script, ...parameters]);
    const ended = once(host, 'close');
    let complaint = '';
    host.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    let isKilled = false;
    let killing: Promise<void> | undefined;
    for await (const line of createInterface({ input: host.stdout })) {
      const next = waiting[0];
      if (killing !== undefined || next === undefined || Number(line) < next.afterPiece) continue;
      waiting.shift();
      const changed = changesIn([home, meterDirectory], next.changes, ended);
      killing = changed.then(() => {
        isKilled = true;
        return kill(host);
      });
    }
    const [status] = await ended;
    await killing;
    if (status === 0) return start;
    if (!isKilled) throw new Error(`the host ended with ${status}: ${complaint}`);
  }
}

/** Waits until files in some folders have changed so often, or until something else has ended. */
async function changesIn(
  folders: readonly string[],
  count: number,
  ended: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const watchers = folders.map((folder) =>
    watch(folder, () => {
      left -= 1;
      if (left <= 0) resolve();
    }),
  );
  if (count > 0) await Promise.race([promise, ended]);
  for (const watcher of watchers) watcher.close();
}

/** What is in the file of pieces, each proved by the certificate of the meter. */
export function provedPieces(home: string, certificate: Uint8Array): Indicium[] {
  const issuer = readCompactCertificate(certificate);
  if (!issuer.ok) throw new Error('the certificate cannot be read');
  const lines = readFileSync(piecesFile(home), 'utf8').trimEnd().split('\n');
  return lines.map((line, index) => {
    const proved = verifyIndicium(nodeCrypto, hexToBytes(line), issuer.value);
    if (!proved.ok) throw new Error(`piece ${index + 1} does not hold: ${proved.status}`);
    return proved.value;
  });
}
