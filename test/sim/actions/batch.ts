/** A mailing list is charged and printed as one job, which goes on after whatever interrupts it. */

import { createJob, type Job, openJob } from '#driver/batch/job';
import { isCharged } from '#driver/batch/job-tally';
import { runJob } from '#driver/batch/run';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills, mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk, JobNote } from '../desk.ts';
import type { Action } from '../happening.ts';
import { JOBS } from '../make-desk.ts';
import { loggedIn } from '../meter-access.ts';
import { decide } from '../person.ts';
import { type Random, randomOf } from '../random.ts';
import { pieceRefusals } from '../refusals.ts';
import type { World } from '../world.ts';
import { finishOpen } from './issue.ts';

const PIECES_MAX = 12;

export const batch: Action = {
  weight: 6,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const list = newList(random);
    const seed = random.seed();
    enqueue(world, desk, {
      name: 'batch',
      mayBeRefused: pieceRefusals,
      async run() {
        if (desk.stage !== 'registered') return;
        const directory = `${JOBS}/${desk.jobs.length}`;
        const note: JobNote = { directory, list, state: 'wanted' };
        desk.jobs.push(note);
        await goOn(world, desk, note, randomOf(seed));
      },
    });
  },
};

export const resumeBatch: Action = {
  weight: 6,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const seed = random.seed();
    enqueue(world, desk, {
      name: 'resume batch',
      mayBeRefused: pieceRefusals,
      async run() {
        const note = desk.jobs.find(({ state }) => state !== 'done');
        if (note !== undefined && desk.stage === 'registered')
          await goOn(world, desk, note, randomOf(seed));
      },
    });
  },
};

function newList(random: Random): string {
  const rows = Array.from({ length: random.between(1, PIECES_MAX) }, (_, at) => {
    const [serviceId, postage] = random.chance(0.5) ? [1, 780] : [100, random.between(160, 3_000)];
    return `piece ${at},${serviceId},${formatMills(mills(postage))},20260`;
  });
  return `reference,service,postage,destination\n${rows.join('\n')}\n`;
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** From wherever the job is to its end, or to the next trouble. */
export async function goOn(world: World, desk: Desk, note: JobNote, random: Random): Promise<void> {
  const { host, disk } = desk.computer;
  const { directory } = note;
  const meterId = desk.meterId as Uint8Array;
  const meter = await loggedIn(world, desk, 'user');
  if (note.state === 'wanted' && !disk.exists(`${directory}/job.json`)) {
    const { current: rateTable } = await meter.rateTables();
    const options = { meter: formatMeterId(meterId), rateTable, disk };
    await createJob(directory, bytesOf(note.list), options);
  }
  note.state = 'begun';
  await using job = await openJob(directory, { disk });
  await finishOpen(world, desk); // a piece asked for apart from a job: its request id may be the next
  const printed = desk.printer.paper.length;
  try {
    await runJob(job, meter, {
      printer: desk.printer.of(host),
      crypto: host.crypto,
      allowsShort: world.isHealed || random.chance(0.5),
      onRatesChanged: () => true,
    });
  } finally {
    world.tally.count('label', desk.printer.paper.length - printed);
    await show(world, desk, job);
  }
  await decide(world, desk, job, random);
  const { planned, intended, issued, sending, sent } = job.figures;
  if (planned + intended + issued + sending + sent === 0) note.state = 'done';
}

/** Every piece of the job that is charged. */
async function show(world: World, desk: Desk, job: Job): Promise<void> {
  for await (const { index, record } of job.pieces())
    if (isCharged(record)) {
      const reference = `${job.directory}/pieces.journal ${index}`;
      world.evidence.given(
        `${desk.name} ${reference}`,
        await job.indicium(index),
        desk.device.witness,
      );
    }
}
