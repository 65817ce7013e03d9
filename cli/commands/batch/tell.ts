/** `tessera batch status | manifest`: how a job stands (requirements.md C4). */

import { open } from 'node:fs/promises';
import { type Job, openJob } from '#driver/batch/job';
import { manifestCsv, manifestRows } from '#driver/batch/manifest';
import { formatMills } from '#protocol/mills';
import { type Output, table } from '../../output.ts';

export async function jobStatus(path: string, output: Output): Promise<number> {
  await using job = await openJob(path);
  await tellJob(job, output);
  return 0;
}

/** Pieces named in full; of more only the number is told. */
const NAMED_MAX = 20;

export async function tellJob(job: Job, output: Output): Promise<void> {
  const { directory, description, figures, rates } = job;
  const { meter, pieces } = description;
  const { charged, toCharge, ...counts } = figures;
  const unclear: string[] = [];
  if (figures.sending > 0)
    for await (const { reference, record } of job.pieces())
      if (record.state === 'sending' && unclear.length < NAMED_MAX) unclear.push(reference);
  const rows = Object.entries(counts).filter(([, count]) => count > 0);
  const rateVersion = rates?.version;
  output.say(
    'job',
    {
      ...{ job: directory, meter, pieces, totalMills: charged + toCharge, rateVersion },
      ...{ ...counts, chargedMills: charged, toChargeMills: toCharge, unclear },
    },
    [
      `${pieces} pieces of ${meter}`,
      table([
        ...rows.map(([state, count]) => [state, String(count)] as const),
        ['charged', formatMills(charged)],
        ['to charge', formatMills(toCharge)],
      ]),
      ...(unclear.length === 0 ? [] : [`May be on paper: ${unclear.join(', ')}. ${LOOK}`]),
    ].join('\n'),
  );
}

const LOOK =
  'Look: accept what is whole; reprint or spoil what is not. Nothing is sent twice by itself.';

export async function tellPiece(job: Job, reference: string, output: Output): Promise<number> {
  const { record } = await job.piece(reference);
  const { state, reprints } = record;
  output.say('piece', { reference, state, reprints }, `piece ${reference} is ${state}`);
  return 0;
}

export async function manifest(
  path: string,
  out: string | undefined,
  output: Output,
): Promise<number> {
  await using job = await openJob(path);
  if (out !== undefined) {
    await using file = await open(out, 'wx');
    for await (const line of manifestCsv(job)) await file.appendFile(`${line}\r\n`);
    output.say('manifest', { file: out }, `manifest in ${out}`);
  } else if (output.isJson) {
    for await (const { postage, ...row } of manifestRows(job))
      output.say('manifestPiece', { ...row, postageMills: postage }, '');
  } else for await (const line of manifestCsv(job)) output.say('manifest', {}, line);
  return 0;
}
