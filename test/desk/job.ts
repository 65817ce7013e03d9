/** The memory of a job of thousands, from its list to its manifest. */

import { join } from 'node:path';
import { openBooks } from '#driver/accounts/books';
import { agreementOf } from '#driver/accounts/postage-log';
import { reconcileJob } from '#driver/accounts/reconcile';
import type { BatchMeter } from '#driver/batch/charging';
import { createJob, openJob } from '#driver/batch/job';
import { manifestCsv } from '#driver/batch/manifest';
import { runJob } from '#driver/batch/run';
import { meterName } from '#driver/issue';
import { jobReport } from '#driver/reports/job-report';
import { indiciumCore, joinIndicium } from '#protocol/documents/indicium';
import { parseMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import { indicium } from '#test/support/document-values';
import { registers } from '#test/support/imitation-host';

export interface JobFigures {
  readonly pieces: number;
  readonly piecesPerSecond: number;
  readonly logged: number;
  readonly manifestRows: number;
  /** Resident memory behind a tenth of the pieces, the most of it in the run, and behind log, manifest and report, MB. */
  readonly earlyMb: number;
  readonly mostMb: number;
  readonly endMb: number;
}

const residentMb = (): number => Math.round(process.memoryUsage().rss / 1_000_000);

async function* listOf(pieces: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from('reference,service,postage,destination,addressee\n');
  for (let piece = 0; piece < pieces; piece++)
    yield Buffer.from(
      `piece ${piece},1,0.78,62701,Reader ${piece}|1 Main St|Springfield IL 62701\n`,
    );
}

export async function measureJob(folder: string, pieces: number): Promise<JobFigures> {
  const directory = join(folder, 'job');
  const meter = countingMeter();
  await createJob(directory, listOf(pieces), { meter: meterName(meter) });
  await using job = await openJob(directory);
  const memory = { earlyMb: 0, mostMb: 0 };
  let done = 0;
  const startMs = performance.now();
  await runJob(job, meter, {
    allowsShort: true,
    onPiece() {
      done += 1;
      if (done === Math.ceil(pieces / 10)) memory.earlyMb = residentMb();
      if (done % 100 === 0) memory.mostMb = Math.max(memory.mostMb, residentMb());
    },
  });
  const seconds = (performance.now() - startMs) / 1_000;
  using books = openBooks(join(folder, 'desk.db'));
  await reconcileJob(books, job, Date.now());
  await reconcileJob(books, job, Date.now()); // the same once more changes nothing
  const logged = agreementOf(books, meterName(meter), undefined).pieces;
  let manifestRows = -1; // without its header
  for await (const _ of manifestCsv(job)) manifestRows += 1;
  await jobReport(job, Date.now(), () => undefined);
  const figures = { pieces, piecesPerSecond: Math.round(pieces / seconds), logged, manifestRows };
  return { ...figures, ...memory, endMb: residentMb() };
}

/** A meter that counts and signs nothing: what is measured is the host, beside which an emulated one would stand. */
function countingMeter(): BatchMeter {
  const meterId = parseMeterId('TS01-0000000042') as Uint8Array;
  let { ascending, pieceCount, requestCounter } = registers;
  return {
    address: 'memory:',
    server: { meterId } as BatchMeter['server'],
    registers: async () => ({ ...registers, ascending, pieceCount, requestCounter }),
    condition: async () => ({}) as Awaited<ReturnType<BatchMeter['condition']>>,
    rateTables: async () => ({ current: new Uint8Array(), next: new Uint8Array() }),
    licence: async () => ({ licence: new Uint8Array() }),
    async createIndicium({ postage, mailingDate, requestId }) {
      ascending = mills(ascending + postage);
      pieceCount += 1;
      requestCounter = requestId.counter;
      const fields = { ...indicium, meterId, postage, mailingDate, ascending, pieceCount };
      return { indicium: joinIndicium(indiciumCore(fields), NO_SIGNATURE) };
    },
  };
}

const NO_SIGNATURE = new Uint8Array(64).fill(1);
