/** Many meters in one process, all at work at the same time, with one sync of the disk for many of them (group commit). */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Meter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { type FlashBank, openFlashBank } from '#emulator/flash-bank';
import type { Candidate } from './compare.ts';
import { counterOf, type RequestCounter } from './transaction.ts';
import { boardOn, lineTo, POSTAGE, SERVICE, today, userAt } from './wealthy-meter.ts';

const OPERATIONS = 512;

/** Meters whose users are logged in, and the bank that holds their flashes. */
interface Hosted {
  readonly bank: FlashBank;
  readonly meters: readonly Meter[];
}

/**
 * So many meters, each with a flash of its own that holds these contents.
 * @param directory on the disk that is measured
 */
export async function hosted(
  directory: string,
  contents: Uint8Array,
  many: number,
  resources: AsyncDisposableStack,
): Promise<Hosted> {
  rmSync(directory, { recursive: true, force: true });
  const bank = resources.use(openFlashBank(directory));
  const meters: Meter[] = [];
  for (let number = 0; number < many; number++) {
    const name = `meter-${number}`;
    writeFileSync(join(directory, `${name}.bin`), contents, { mode: 0o600 });
    const flash = bank.open(name);
    resources.defer(() => flash.close());
    const kind = { cryptoEngine: true, release: bank.release.bind(bank) } as const;
    const board = resources.use(boardOn(flash, kind));
    meters.push(resources.use(await userAt(lineTo(board))));
  }
  return { bank, meters };
}

/** All meters at work, each with one request outstanding. */
export function issuingAtOnce(name: string, baseline: string, { meters }: Hosted): Candidate {
  const piece = { serviceId: SERVICE, postage: POSTAGE, mailingDate: today, destination: 0 };
  const counters = meters.map(counterOf);
  return {
    name,
    baseline,
    operations: OPERATIONS,
    async run(operations) {
      await Promise.all(
        meters.map(async (meter, place) => {
          for (let done = 0; done < operations / meters.length; done++) {
            const requestId = await (counters[place] as RequestCounter).next();
            await meter.createIndicium(pieceRequest(requestId, piece));
          }
        }),
      );
    },
  };
}
