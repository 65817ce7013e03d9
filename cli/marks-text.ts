/** What an image took of its board, for whoever reads it at the end of `tessera emulate --profile` (docs/profiles.md). */

import type { Mark } from '#emulator/cpu/cpu';
import type { Emulator } from '#emulator/emulator';
import type { BoardProfile } from '#emulator/profile';
import { type Output, table } from './output.ts';

const number = (value: number): string => value.toLocaleString('en-US');

function part(mark: Mark | undefined, unit: string): string {
  if (mark === undefined) return 'without a limit';
  const share = Math.ceil((100 * mark.peak) / mark.limit);
  return `${number(mark.peak)} of ${number(mark.limit)} ${unit}, ${share} %`;
}

export function tellMarks(emulator: Emulator, profile: BoardProfile, output: Output): void {
  const marks = emulator.marks();
  const { entropyBytesPerSecond } = profile;
  const { fault } = emulator.board;
  const noiseMs =
    entropyBytesPerSecond === undefined
      ? undefined
      : Math.ceil((1000 * marks.entropyBytesInCall) / entropyBytesPerSecond);
  const rows: [string, string][] = [
    ['memory', part(marks.ramBytes, 'bytes')],
    ['stack', part(marks.stackBytes, 'bytes')],
    ['work in one call', part(marks.polls, 'polls')],
    [
      'longest call',
      `${marks.longestCallMs.toFixed(1)} ms of this computer, of ${number(marks.calls)} calls`,
    ],
    ['longest start', `${marks.longestStartMs.toFixed(1)} ms of this computer, of ${marks.starts}`],
    [
      'noise in one call',
      `${number(marks.entropyBytesInCall)} bytes${noiseMs === undefined ? '' : `, which take ${number(noiseMs)} ms`}`,
    ],
    [
      'flash',
      `${number(marks.flashPrograms)} programs, ${number(marks.flashErases)} erases, ${marks.sectorErases} of one sector`,
    ],
    ...(fault === undefined ? [] : ([['ended by', fault.message]] as [string, string][])),
  ];
  const figures = { profile: profile.name, ...marks, noiseMs, fault: fault?.message };
  output.say('marks', figures, `what the image took of ${profile.name}\n${table(rows)}`);
}
