/** What every part of a campaign that runs in one thread shares: boards, and commands that were rehearsed once. */

import { cutCommands } from '../commands/table.ts';
import { type Rehearsal, rehearse } from '../judging/rehearsal.ts';
import type { Workshop } from '../meter/workshop.ts';

export interface Context {
  readonly workshop: Workshop;
  rehearsal(command: string): Promise<Rehearsal>;
  /** Told how many cuts, flips or commits were judged since the last call. */
  progress(count: number): void;
}

/** @throws RangeError where the table has no such command */
export function createContext(workshop: Workshop, progress: Context['progress']): Context {
  const rehearsals = new Map<string, Promise<Rehearsal>>();
  return {
    workshop,
    rehearsal(name) {
      const known = rehearsals.get(name);
      if (known !== undefined) return known;
      const command = cutCommands.find((each) => each.name === name);
      if (command === undefined) throw new RangeError(`there is no command ${name} to cut`);
      const rehearsal = rehearse(workshop, command);
      rehearsals.set(name, rehearsal);
      return rehearsal;
    },
    progress,
  };
}
