/** What the three figures of a record of the security log mean, by its event; the image does not carry it. */

import type { LogEventName } from './security-log.ts';

/** Where a figure is left out it is 0. Amounts are mills, times ms since 1970-01-01 UTC. */
export const logMeaning: Readonly<
  Record<LogEventName, Readonly<Partial<Record<'a' | 'b' | 'c', string>>>>
> = {
  made: { a: 'serial of the certificate of the indicium key' },
  licensed: { a: 'sequence of the licence' },
  rateTable: { a: 'version' },
  refillRequested: { a: 'amount, mills', b: 'sequence', c: 'kind' },
  refilled: { a: 'amount, mills; 0 where it was refused', b: 'sequence', c: 'kind' },
  withdrawalRequested: { a: 'postal, mills', b: 'sequence', c: 'certificate, mills' },
  withdrawalRefused: { b: 'sequence' },
  corrected: { a: 'postage, mills', b: 'piece', c: 'piece that it corrects' },
  redated: { a: 'new date of mailing', b: 'piece', c: 'piece that it redates' },
  reprinted: { b: 'piece' },
  qualityPrint: {},
  passwordWrong: { a: 'tries in a row', b: 'role' },
  passwordChanged: { b: 'role' },
  locked: { a: 'sequence of the order', b: 'action', c: 'reason' },
  clockSet: { a: 'time before, ms; 0 where it was not trusted', b: 'time after, ms' },
  clockFault: { a: 'time that it showed, ms', b: 'last time on record, ms' },
  imageLoaded: { a: 'version', b: 'version that loaded it', c: 'security version' },
  selfTestFailed: {
    a: 'number of the fault',
    b: 'its detail',
    c: 'power-up behind which it failed, by the count of the meter; 0 where that cannot be proved',
  },
  authorityKey: { a: 'sequence of the key', b: 'sequence before; 0 where none was known' },
  hostKeyChanged: { b: 'role' },
  keysRenewed: {
    a: 'serial of the certificate of the new indicium key',
    b: 'serial of the one before',
  },
  keyInstalled: { a: 'number of the key' },
  keyRevoked: { a: 'number of the key', b: 'reason' },
  keyImported: { a: 'number of the key' },
};
