/** How a job ended: its figures, what each service came to, and what is left to do (requirements.md C4). */

import type { Job } from '../batch/job.ts';
import { isCharged } from '../batch/job-tally.ts';
import { pieceStates } from '../batch/piece-state.ts';
import { moment, type ServiceName } from './desk-reports.ts';
import type { Report } from './report.ts';

/** Read piece by piece; memory is that of the services. */
export async function jobReport(job: Job, nowMs: number, nameOf: ServiceName): Promise<Report> {
  const { figures, description } = job;
  const services = new Map<number, { pieces: number; charged: number; postage: number }>();
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0];
  let reprints = 0;
  for await (const { index, serviceId, postage = 0, record } of job.pieces()) {
    const { pieces = 0, charged = 0, postage: before = 0 } = services.get(serviceId) ?? {};
    const isPaid = isCharged(record);
    reprints += record.reprints;
    services.set(serviceId, {
      pieces: pieces + 1,
      charged: charged + (isPaid ? 1 : 0),
      postage: before + (isPaid ? postage : 0),
    });
    if (!isPaid) continue;
    const { atMs } = await job.issued(index);
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  const rows = [...services].map(([id, { pieces, charged, postage }]) => [
    ...[`${id} ${nameOf(id) ?? ''}`.trim(), pieces, charged, postage],
  ]);
  const states = pieceStates.filter((state) => figures[state] > 0);
  const span =
    lastMs === 0 ? 'nothing was charged' : `charged ${moment(firstMs)} to ${moment(lastMs)}`;
  return {
    title: `Job ${job.directory}`,
    subtitle: `${description.meter}, ${span}, UTC; as of ${moment(nowMs)}`,
    columns: [
      { name: 'service', title: 'Service', kind: 'text' },
      { name: 'pieces', title: 'Pieces', kind: 'count' },
      { name: 'charged', title: 'Charged', kind: 'count' },
      { name: 'postage', title: 'Postage', kind: 'amount' },
    ],
    rows,
    totals: [
      'All',
      description.pieces,
      rows.reduce((n, row) => n + Number(row[2]), 0),
      figures.charged,
    ],
    chart: {
      title: 'Pieces by state',
      kind: 'count',
      bars: states.map((state) => ({ label: state, value: figures[state] })),
    },
    notes: notesOf(job, reprints),
  };
}

function notesOf({ figures }: Job, reprints: number): string[] {
  const { planned, intended, issued, sending, sent, refused, spoiled } = figures;
  const left = planned + intended;
  const notes: (readonly [number, string])[] = [
    [left, `${left} pieces are still to be charged: batch resume`],
    [issued, `${issued} are charged and not printed: batch resume with a printer`],
    [sending, `${sending} may be on paper: look, then batch accept, reprint or spoil`],
    [sent, `${sent} were sent to a printer that does not say whether it printed`],
    [refused, `${refused} were refused: the manifest says why`],
    [spoiled, `${spoiled} are spoiled: tessera spoilage submit --job`],
    [reprints, `${reprints} reprints, at no charge`],
  ];
  return notes.filter(([count]) => count > 0).map(([, note]) => note);
}
