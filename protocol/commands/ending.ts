/** Commands: the end of a meter: withdrawal and zeroization. */

import * as P from 'micro-packed';
import { rest } from '../fields.ts';
import { anybody, command, nothing, withKeys } from './declaration.ts';

export const endingCommands = {
  /**
   * Offers all that is left to the provider: nothing is produced any more. Repeating it is free.
   */
  withdrawalRequest: command({
    code: 0x50,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered', 'withdrawing'],
    charged: false,
    request: nothing,
    response: P.struct({ request: rest }),
  }),
  /**
   * Takes the provider's answer. Agreed: the registers go to zero, the keys are destroyed, the
   * meter restarts and gives its proof. Refused: it goes on.
   */
  withdrawalCommit: command({
    code: 0x51,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['withdrawing'],
    charged: false,
    request: P.struct({ authorisation: rest }),
    response: nothing,
  }),
  /** Gives the signed proof that nothing is left in the meter. */
  withdrawalReport: command({
    code: 0x52,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized'],
    lifeCycles: ['withdrawn'],
    charged: false,
    request: nothing,
    response: P.struct({ report: rest }),
  }),
  /** Destroys every key, for ever. Registers stay readable in the status. The meter restarts. */
  zeroize: command({
    code: 0x7f,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: nothing,
  }),
} as const;
