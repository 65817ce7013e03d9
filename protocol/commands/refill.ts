/** Commands: the registers, and what comes into them. */

import * as P from 'micro-packed';
import { registersLayout } from '../command-layouts.ts';
import { refillKinds } from '../documents/refill.ts';
import { mills48, oneOf, rest } from '../fields.ts';
import { accountNames } from '../state.ts';
import { anybody, command, nothing, withKeys } from './declaration.ts';

export const refillCommands = {
  /** Tells the registers, inside the session. */
  registers: command({
    code: 0x22,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: registersLayout,
  }),
  /**
   * Starts a refill: freezes the amount and gives a signed request for the provider. Repeating it
   * is free.
   */
  refillRequest: command({
    code: 0x2a,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ kind: oneOf(refillKinds), account: oneOf(accountNames), amount: mills48 }),
    response: P.struct({ request: rest }),
  }),
  /** Takes the provider's authorisation and credits it exactly once. */
  refillCommit: command({
    code: 0x2b,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ authorisation: rest }),
    response: P.struct({ credited: mills48, registers: registersLayout }),
  }),
} as const;
