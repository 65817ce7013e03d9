/** A meter's life as a trace: made, refilled, printing, refusing, cut in the middle of a charge, and on again. */

import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import type { Trace, TraceEvent } from '#emulator/trace/event';
import type { RequestOf } from '#protocol/command';
import { dateOf } from '#protocol/documents/date';
import { mills } from '#protocol/mills';
import { createBench, type Input, type Output } from '#test/differential/bench';
import { hosts, password, repeatingCrypto, services } from '#test/differential/documents';
import { createHost, type Host, unknown } from '#test/differential/host';
import { load, logIn, make } from '#test/differential/stages';
import { TEST_TIME_MS } from './board.ts';

export interface RecordedLife {
  readonly trace: Trace;
  /** All that left the board. */
  readonly outputs: readonly Output[];
}

/** @param isRecorded without, the same life and an empty trace */
export async function recordedLife({
  cpu = createNodeVmCpu(),
  cryptoEngine = true,
  isRecorded = true,
}: {
  readonly cpu?: Cpu;
  readonly cryptoEngine?: boolean;
  readonly isRecorded?: boolean;
} = {}): Promise<RecordedLife> {
  const events: TraceEvent[] = [];
  const outputs: Output[] = [];
  await using bench = createBench(
    cpu,
    { seed: 5, cryptoEngine },
    isRecorded ? (event) => events.push(event) : undefined,
  );
  function apply(input: Input): Output {
    const output = bench.apply(input);
    outputs.push(output);
    return output;
  }
  const host = createHost(repeatingCrypto('a recorded life'), apply, unknown());
  apply({ op: 'powerOn' });
  make(host);
  load(host);
  print(host, 1);
  print(host, 1);
  print(host, 2, { postage: mills(95_001), serviceId: services.keyedIn });
  host.ask('status', {});
  host.ask('version', {});
  host.message('open', Uint8Array.of(0x10));
  host.bytes(1, Uint8Array.of(1, 2, 0xaa, 3, 4));
  apply({ op: 'advance', durationMs: 61_000 });
  apply({ op: 'tick' });
  apply({ op: 'cut', operations: 0, tear: 'weak', tornBytes: 40, seed: 9, unsynced: 'kept' });
  print(host, 3);
  host.forget();
  apply({ op: 'powerOn' });
  logIn(host, 'user');
  print(host, 3);
  host.openSession('cryptoOfficer', hosts.cryptoOfficer);
  host.ask('logIn', { password: password('cryptoOfficer') });
  host.ask('zeroize', {});
  apply({ op: 'powerOff' });
  return { trace: { isRedacted: false, events }, outputs };
}

function print(
  host: Host,
  counter: number,
  fields: Partial<RequestOf<'createIndicium'>> = {},
): void {
  host.ask('createIndicium', {
    requestId: { counter, nonce: 1 },
    kind: 'postage',
    original: 0,
    serviceId: services.fixed,
    weightMg: 0,
    zone: 0,
    extras: [],
    postage: mills(780),
    isConfirmed: true,
    mailingDate: dateOf(TEST_TIME_MS),
    destination: 0,
    ...fields,
  });
}
