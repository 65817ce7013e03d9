/** A service of the meter as a command of the table: log in, ask, and after the cut ask the same again. */

import type { Meter } from '#driver/meter';
import type { RefusalName } from '#protocol/status';
import { type Host, refusalOf } from '../meter/host.ts';
import type { Act, CutCommand, Reply } from './act.ts';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Who asks: opens the session, and logs in where that is needed. */
export type Asker = (host: Host) => Promise<Meter>;

export const user: Asker = (host) => host.loggedIn('user');
export const officer: Asker = (host) => host.loggedIn('cryptoOfficer');
/** Somebody with a session who has not logged in. */
export const visitor: Asker = (host) => host.session('user');
/** Whoever makes a meter has the session of an officer, and nobody to log in as. */
export const maker: Asker = (host) => host.session('cryptoOfficer');

export interface Service<Paper> {
  readonly name: string;
  readonly from: CutCommand['from'];
  readonly who: Asker;
  /** What the host has in hand before it asks, and keeps over the cut. */
  readonly paper?: (host: Host) => Promise<Paper>;
  /** @returns what was said, where that must stay the same for ever */
  readonly ask: (meter: Meter, paper: Paper) => Promise<string>;
  /** What it is refused with where it was performed before; without it a repeated request succeeds. */
  readonly refusedAfter?: RefusalName;
  readonly isBorn?: true;
}

export function service<Paper = undefined>(declared: Service<Paper>): CutCommand {
  const { name, from, who, paper, ask, refusedAfter, isBorn } = declared;

  async function repeat(meter: Meter, papers: Paper): Promise<Reply> {
    if (refusedAfter === undefined) return { said: await ask(meter, papers), found: undefined };
    const refusal = await refusalOf(ask(meter, papers));
    if (refusal !== undefined && refusal.status !== refusedAfter) throw refusal;
    return { said: '', found: refusal === undefined ? 'rolledBack' : 'completed' };
  }

  return {
    name,
    from,
    ...(isBorn && { isBorn }),
    async begin(host): Promise<Act> {
      host.powerOn();
      const papers = (await paper?.(host)) as Paper; // undefined where none is declared
      const meter = await who(host);
      return {
        perform: () => ask(meter, papers),
        again: async (later) => repeat(await who(later), papers),
      };
    },
  };
}
