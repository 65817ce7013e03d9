/**
 * The first sight of each genuine indicium, and what a new sight says beside it: seen before, a second content under the
 * same number, or registers that cannot both be true (requirements.md C8, G9).
 */

import { SIGNATURE_SIZE } from '#protocol/crypto';
import {
  INDICIUM_SIZE,
  type Indicium,
  joinIndicium,
  readIndicium,
} from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type PlausibilityFinding, plausible } from '#protocol/documents/plausible';
import { type Check, fail, judge, pass, unknown } from './check.ts';
import type { AuthorityTransaction } from './context.ts';
import { licencesOf } from './licences.ts';

export type SightingCheckName = 'registers' | 'forgery' | 'duplicate';

export interface Sighting {
  readonly checks: readonly Check<SightingCheckName>[];
  /** When an indicium of this meter and piece was seen first, milliseconds since 1970-01-01 UTC. */
  readonly firstSeenMs: number;
}

/** Records a sight. Only of what is genuine: otherwise a forger could take a number before its owner shows it. */
export async function recordSighting(
  trx: AuthorityTransaction,
  evidence: Uint8Array,
  indicium: Indicium,
  seenMs: number,
): Promise<Sighting> {
  const key = { meter_id: formatMeterId(indicium.meterId), piece_count: indicium.pieceCount };
  const core = evidence.slice(0, INDICIUM_SIZE - SIGNATURE_SIZE);
  const row = await trx
    .insertInto('sightings')
    .values({ ...key, core, first_seen_ms: seenMs, times_seen: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['meter_id', 'piece_count'])
        .doUpdateSet((eb) => ({ times_seen: eb('sightings.times_seen', '+', 1) })),
    )
    .returning(['core', 'first_seen_ms', 'times_seen'])
    .executeTakeFirstOrThrow();
  const registers = await judgeRegisters(trx, indicium);
  const firstSeenMs = row.first_seen_ms;
  return row.times_seen === 1
    ? { checks: [registers, notForged, seenOnce], firstSeenMs }
    : { checks: [registers, ...judgeSecond(indicium, row.core, firstSeenMs)], firstSeenMs };
}

const notForged = pass('forgery', 'No other indicium of this meter has its piece number.');
const seenOnce = pass('duplicate', 'This indicium was not seen before.');

function judgeSecond(
  indicium: Indicium,
  firstCore: Uint8Array,
  firstSeenMs: number,
): readonly Check<SightingCheckName>[] {
  const when = new Date(firstSeenMs).toISOString();
  if (plausible(fieldsOf(firstCore), indicium).includes('same'))
    return [notForged, fail('duplicate', `This indicium was seen before, first at ${when}.`)];
  return [
    fail('forgery', `Another indicium with the same meter and piece number was seen at ${when}.`),
    unknown('duplicate', 'Its number was seen before, but with another content.'),
  ];
}

/** Compares with the nearest pieces that were seen: whoever fits both neighbours fits all. */
async function judgeRegisters(
  trx: AuthorityTransaction,
  indicium: Indicium,
): Promise<Check<'registers'>> {
  const meterId = formatMeterId(indicium.meterId);
  const ofMeter = trx.selectFrom('sightings').select('core').where('meter_id', '=', meterId);
  const before = await ofMeter
    .where('piece_count', '<', indicium.pieceCount)
    .orderBy('piece_count', 'desc')
    .limit(1)
    .executeTakeFirst();
  const after = await ofMeter
    .where('piece_count', '>', indicium.pieceCount)
    .orderBy('piece_count')
    .limit(1)
    .executeTakeFirst();
  if (before === undefined && after === undefined)
    return unknown('registers', 'No other indicium of this meter was seen to compare with.');
  const licences = await licencesOf({ db: trx }, indicium.meterId);
  const paysServices = licences.some(({ accountKind }) => accountKind !== 'separate');
  const against = [
    ...(before === undefined ? [] : plausible(fieldsOf(before.core), indicium, paysServices)),
    ...(after === undefined ? [] : plausible(indicium, fieldsOf(after.core), paysServices)),
  ];
  return judge(
    'registers',
    against.length === 0,
    'The registers agree with the other indicia of this meter.',
    `The registers contradict another indicium of this meter: ${sentences(against)}.`,
  );
}

const sentence: Record<PlausibilityFinding, string> = {
  otherMeter: 'it is of another meter',
  same: 'it is the same indicium',
  pieceCountNotGrown: 'the piece count did not grow',
  ascendingGrewTooLittle: 'the ascending register grew by less than the postage',
  ascendingGrewTooMuch: 'the ascending register grew by more than the pieces between can cost',
  controlSumFell: 'the control sum fell',
  rateTableOlder: 'the rate table is an older one',
  datedTooEarly: 'the date of mailing went back',
};

function sentences(findings: readonly PlausibilityFinding[]): string {
  return [...new Set(findings)].map((finding) => sentence[finding]).join('; ');
}

function fieldsOf(core: Uint8Array): Indicium {
  const noSignature = new Uint8Array(SIGNATURE_SIZE);
  const indicium = readIndicium(joinIndicium(core, noSignature));
  if (!indicium.ok) throw new Error('the record of a sighting is damaged');
  return indicium.value;
}
