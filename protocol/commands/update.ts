/** Commands: another image for the meter (requirements.md F8, H2; docs/update.md). */

import * as P from 'micro-packed';
import { imagePlaceNames, spareStateNames } from '../documents/image-slot.ts';
import { bytes, bytes16, oneOf, u32 } from '../fields.ts';
import { anybody, anyLifeCycle, command, nothing, withKeys } from './declaration.ts';

export const updateCommands = {
  /**
   * Announces an image by its signed header and tells how much of its body is there already, of an
   * update that was interrupted. Any service but those of an update and status ends the loading.
   */
  updateBegin: command({
    code: 0x60,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ header: bytes(128) }),
    response: P.struct({ have: u32 }),
  }),
  /** Takes the next piece of the body: a multiple of 256 bytes within a sector, or its end. */
  updateWrite: command({
    code: 0x61,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({
      /** In the body: what the meter has so far. */
      offset: u32,
      data: bytes16,
    }),
    response: nothing,
  }),
  /**
   * Tests what was loaded, as it reads back: signature and digest. Then it counts, and the meter
   * restarts with it.
   */
  updateFinish: command({
    code: 0x62,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: nothing,
  }),
  /** Tells from where the image runs and what the other slot holds. */
  updateStatus: command({
    code: 0x63,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({
      running: oneOf(imagePlaceNames),
      securityVersion: u32,
      spare: oneOf(spareStateNames),
      /** Of the image in the other slot; 0 where none was announced. */
      spareVersion: u32,
    }),
  }),
} as const;
