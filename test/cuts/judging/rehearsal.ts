/** A command run once without a cut: what there is to cut, and what the meter said before and after. */

import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { TEST_TIME_MS } from '#test/support/board';
import type { CutCommand } from '../commands/act.ts';
import { createHost, type Host } from '../meter/host.ts';
import { createRecorder } from '../meter/recording.ts';
import { contentsOf, METER_GEOMETRY } from '../meter/stages.ts';
import type { Workshop } from '../meter/workshop.ts';
import { accountOf, logCountOf } from './account.ts';
import { type CutPoints, cutPoints } from './cut-points.ts';
import type { Expectation } from './judge.ts';

export interface Rehearsal extends Expectation {
  readonly points: CutPoints;
}

/** Seeds of the noise of boards; behind a second cut it is one more. */
const noiseSeeds = { rehearsal: 1, onlooker: 2, judged: 3 } as const;
/** The time that passes while power is gone. */
const DARK_MS = 5_000;

export async function rehearse(workshop: Workshop, command: CutCommand): Promise<Rehearsal> {
  const flash = partOf(workshop, await contentsOf(command.from));
  const recorder = createRecorder(workshop.cpu, flash);
  const host = createHost(workshop, {
    flash,
    nowMs: TEST_TIME_MS,
    noiseSeed: noiseSeeds.rehearsal,
    cpu: recorder.cpu,
  });
  const act = await command.begin(host);
  const before = host.board.isPowered ? await host.told() : await lookAt(workshop, host, false);
  let answer = '';
  const recording = await recorder.record(async () => {
    answer = await act.perform();
  });
  host.powerOff();
  const after = await lookAt(workshop, host, command.isOpened === true);
  return {
    command,
    act,
    before: accountOf(before),
    after: accountOf(after),
    log: { before: logCountOf(before), after: logCountOf(after) },
    answers: [answer],
    stampMs: before.status.timeMs,
    points: cutPoints(recording),
  };
}

/** A small part as the seed of the workshop makes it. */
export function partOf({ seed }: Workshop, contents?: Uint8Array): FlashDevice {
  const options = { geometry: METER_GEOMETRY, seed };
  return createMemoryFlash(contents === undefined ? options : { ...options, contents });
}

/** What a meter says of itself that comes up with a copy of this flash. */
async function lookAt(workshop: Workshop, { flash, clock }: Host, isOpened: boolean) {
  const copy = partOf(workshop);
  copy.restore(flash.snapshot());
  const nowMs = clock.nowMs();
  const noiseSeed = noiseSeeds.onlooker;
  const host = createHost(workshop, { flash: copy, nowMs, noiseSeed, isOpened });
  host.powerOn();
  const told = await host.told();
  host.powerOff();
  return told;
}

/**
 * A host that finds what a cut has left.
 * @param nowMs when power was cut
 * @param cuts how many there were
 */
export function hostAfter(
  workshop: Workshop,
  { command }: Rehearsal,
  { flash, nowMs }: { readonly flash: FlashDevice; readonly nowMs: number },
  cuts: 1 | 2,
  cpu = workshop.cpu,
): Host {
  return createHost(workshop, {
    flash,
    nowMs: nowMs + DARK_MS,
    noiseSeed: noiseSeeds.judged + cuts - 1,
    isOpened: command.isOpened === true,
    cpu,
  });
}
