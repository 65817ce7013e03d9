/** What a meter says of its money and its life, to be compared; and the laws that it must keep whatever happened. */

import type { Condition, MeterStatus } from '#protocol/command-layouts';
import { statusName } from '#protocol/status';

/** What a host gets to know in clear. */
export interface Told {
  readonly status: MeterStatus;
  /** Undefined in the error state, which tells nothing more. */
  readonly condition: Condition | undefined;
}

/** Equal for two states that are the same to whoever owns the money. */
export type Account = string;

/** Times and the count of what was written down move on with each power-up and each request; the rest may not. */
export function accountOf({ status, condition }: Told): Account {
  const { lifeCycle, fault, registersValid, registers } = status;
  const told = {
    lifeCycle,
    fault: statusName(fault),
    registersValid,
    ...registers,
    ...(condition && {
      locks: locksOf(condition),
      lockSequence: condition.lockSequence,
      lockReason: condition.lockReason,
      logAcknowledged: condition.logAcknowledged,
      licenceSequence: condition.licenceSequence,
      rateVersion: condition.rateVersion,
      nextRateVersion: condition.nextRateVersion,
    }),
  };
  return Object.entries(told)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** How many records the security log has; undefined where that is not told. */
export const logCountOf = ({ condition }: Told): number | undefined => condition?.logCount;

const locksOf = ({ locks }: Condition): string =>
  Object.entries(locks)
    .filter(([, isSet]) => isSet)
    .map(([name]) => name)
    .join('+');

/** What differs between two accounts, for people. */
export function difference(found: Account, expected: Account): string {
  const wanted = expected.split(', ');
  return found
    .split(', ')
    .map((part, place) => (part === wanted[place] ? '' : `${part} instead of ${wanted[place]}`))
    .filter((part) => part !== '')
    .join('; ');
}

/** The laws that a status breaks. @param stampMs the last time that the meter is known to have written down */
export function brokenLaws(
  { registers, registersValid, timeMs }: MeterStatus,
  stampMs: number,
): string[] {
  const { ascending, descending, credited, spoilageCredited, withdrawn } = registers;
  const { certificateAscending, certificateDescending } = registers;
  const { certificateCredited, certificateWithdrawn } = registers;
  const isTrusted = timeMs !== 0;
  const laws: readonly (readonly [holds: boolean, text: string])[] = [
    [registersValid, 'the registers are not valid'],
    [
      ascending + descending + withdrawn === credited + spoilageCredited,
      `${ascending} spent + ${descending} left + ${withdrawn} withdrawn is not ${credited} bought + ${spoilageCredited} come back`,
    ],
    [
      certificateAscending + certificateDescending + certificateWithdrawn === certificateCredited,
      `of certificates, ${certificateAscending} + ${certificateDescending} + ${certificateWithdrawn} is not ${certificateCredited}`,
    ],
    [!isTrusted || timeMs >= stampMs, `the secure clock is at ${timeMs}, behind ${stampMs}`],
  ];
  return laws.filter(([holds]) => !holds).map(([, text]) => text);
}
