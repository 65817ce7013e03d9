/** What a meter told its host: what only grows never falls, and nothing was told that is not durable. */

import type { Registers } from '#protocol/command-layouts';
import type { Desk } from './desk.ts';
import { must } from './violation.ts';

const growing = [
  'ascending',
  'credited',
  'spoilageCredited',
  'withdrawn',
  'settled',
  'pieceCount',
  'zeroPieceCount',
  'certificateAscending',
  'certificateCredited',
  'certificatePieceCount',
  'refillSequence',
  'requestCounter',
] as const;

/** Notes registers that a meter told in a session. */
export function tell(desk: Desk, registers: Registers): void {
  const { told, device, name } = desk;
  for (const register of growing)
    must(
      told === undefined || registers[register] >= told[register],
      'memory',
      () =>
        `${name} was told that ${register} is ${registers[register]}, after ${told?.[register]}`,
    );
  const { ascending, descending, withdrawn, credited, spoilageCredited, pieceCount } = registers;
  must(
    ascending + descending + withdrawn === credited + spoilageCredited,
    'money',
    () => `${name} was told registers that do not add up`,
  );
  const { state } = device.witness;
  must(
    state !== undefined && state.ascending >= ascending && state.pieceCount >= pieceCount,
    'durability',
    () => `${name} was told of ${pieceCount} pieces, and ${state?.pieceCount} are on record`,
  );
  desk.told = registers;
}
