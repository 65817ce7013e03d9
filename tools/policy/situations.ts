/** The situations that the matrix of the security policy is asked in: stage of life, state, channel, and who asks. */

import type { Role } from '#protocol/state';
import type { Situation } from './matrix.ts';

/** A meter in the middle of something, and whoever asks it. */
export interface Scene extends Situation {
  /** How far the meter was brought before. */
  readonly stage: 'blank' | 'keyed' | 'made' | 'registered' | 'refilled' | 'withdrawing';
  /** The session that is open. */
  readonly session?: Role;
  /** What was done to it before. */
  readonly fate?: 'zeroized' | 'opened' | 'withdrawn';
  /** Its registers contradict each other since. */
  readonly isBroken?: true;
}

/** All that there are. */
export const scenes: Scene[] = [];
for (const lifeCycle of ['blank', 'keyed', 'made', 'registered', 'withdrawing'] as const) {
  const resting = {
    stage: lifeCycle,
    lifeCycle,
    state: 'uninitialized',
    caller: 'nobody',
  } as const;
  scenes.push({ ...resting, channel: 'open' });
  for (const session of lifeCycle === 'blank' ? (['cryptoOfficer'] as const) : bothRoles())
    scenes.push({ ...resting, channel: 'sealed', session });
  scenes.push({ ...resting, channel: 'open', state: 'error', isBroken: true });
}
for (const lifeCycle of ['made', 'registered', 'withdrawing'] as const)
  for (const session of bothRoles()) {
    const idle = { stage: lifeCycle, lifeCycle, state: 'idle', session } as const;
    scenes.push({ ...idle, channel: 'sealed', caller: session });
    scenes.push({ ...idle, channel: 'open', caller: 'nobody' }); // whoever asks in clear is nobody
  }
const ended = { stage: 'refilled', channel: 'open', caller: 'nobody' } as const;
scenes.push({ ...ended, state: 'error', lifeCycle: 'tampered', fate: 'opened' });
for (const lifeCycle of ['zeroized', 'withdrawn'] as const) {
  scenes.push({ ...ended, state: 'uninitialized', lifeCycle, fate: lifeCycle });
  scenes.push({ ...ended, state: 'error', lifeCycle, fate: lifeCycle, isBroken: true });
}

function bothRoles(): readonly Role[] {
  return ['user', 'cryptoOfficer'];
}

export const title = ({ state, lifeCycle, channel, caller, session }: Scene): string =>
  `${state}, ${lifeCycle}, ${channel === 'open' ? 'in clear' : `in a session of ${session}`}, ${caller}${
    channel === 'open' && session !== undefined ? ` while ${session} is logged in` : ''
  }`;
