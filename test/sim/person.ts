/** What a person at a desk does with labels: has them printed, looks at the paper, decides what became of a piece. */

import { acceptPiece, reprintPiece, spoilPiece } from '#driver/batch/decisions';
import type { Job, JobPiece } from '#driver/batch/job';
import type { Desk } from './desk.ts';
import { loggedIn } from './meter-access.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** Prints one label, once. */
export async function printLabel(desk: Desk, indicium: Uint8Array): Promise<void> {
  const printer = desk.printer.of(desk.computer.host);
  const hex = Buffer.from(indicium).toString('hex');
  await printer.checkReady();
  desk.ordered.set(hex, (desk.ordered.get(hex) ?? 0) + 1);
  await printer.print(hex);
}

/** Looks at every piece of a job that may be on paper or not, and decides. */
export async function decide(world: World, desk: Desk, job: Job, random: Random): Promise<void> {
  const unclear: JobPiece[] = [];
  for await (const piece of job.pieces())
    if (piece.record.state === 'sending' || piece.record.state === 'sent') unclear.push(piece);
  const printer = desk.printer.of(desk.computer.host);
  for (const { index, reference } of unclear) {
    const hex = Buffer.from(await job.indicium(index)).toString('hex');
    const isWhole = desk.printer.paper.some((label) => label.isWhole && label.indicium === hex);
    if (isWhole) await acceptPiece(job, reference);
    else if (random.chance(0.7)) {
      const meter = await loggedIn(world, desk, 'user');
      await reprintPiece(job, meter, reference, printer);
    } else await spoilPiece(job, reference, 'torn');
  }
}
