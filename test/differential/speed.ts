/** How long a processor takes for a power-up and for an indicium, in its own time and not in that of who shares the computer. */

import type { Cpu } from '#emulator/cpu/cpu';
import { dateOf } from '#protocol/documents/date';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { createBench } from './bench.ts';
import { hosts, password, repeatingCrypto, services } from './documents.ts';
import { createHost } from './host.ts';
import type { Stage } from './stages.ts';

export interface Speed {
  readonly cpu: string;
  readonly cryptoEngine: boolean;
  /** Milliseconds of CPU time, medians; the host's share is in that of an indicium. */
  readonly bootMs: number;
  readonly indiciumMs: number;
}

const BOOTS = 9;
const INDICIA = 21;

/** @param refilled a meter that can produce value */
export async function speedOf(cpu: Cpu, cryptoEngine: boolean, refilled: Stage): Promise<Speed> {
  await using bench = createBench(cpu, { seed: 1, contents: refilled.contents, cryptoEngine });
  const boots = Array.from({ length: BOOTS }, () => {
    bench.apply({ op: 'powerOff' });
    return spent(() => bench.apply({ op: 'powerOn' }));
  });
  const host = createHost(repeatingCrypto('speed'), bench.apply, structuredClone(refilled.known));
  host.openSession('user', hosts.user);
  host.ask('logIn', { password: password('user') });
  const indicia = Array.from({ length: INDICIA }, (_, place) =>
    spent(() => {
      const answer = host.ask('createIndicium', {
        requestId: { counter: place + 1, nonce: 1 },
        kind: 'postage',
        original: 0,
        serviceId: services.fixed,
        weightMg: 0,
        zone: 0,
        extras: [],
        postage: mills(780),
        isConfirmed: false,
        mailingDate: dateOf(TEST_TIME_MS),
        destination: 0,
      });
      if (answer?.ok !== true) throw new Error('no indicium came of it');
    }),
  );
  return { cpu: cpu.name, cryptoEngine, bootMs: median(boots), indiciumMs: median(indicia) };
}

/** Milliseconds of CPU time of this process. */
function spent(action: () => unknown): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[values.length >> 1] ?? 0;
