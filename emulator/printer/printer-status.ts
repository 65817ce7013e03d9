/**
 * The condition of a receipt printer, and the status bytes it tells it in (Epson: DLE EOT, GS a, GS r, ESC v).
 *
 * In every answer to DLE EOT bits 0, 1, 4, 7 are 0, 1, 1, 0; in the first byte of an automatic status 0, 0, 1, 0; in
 * all other status bytes bits 4 and 7 are 0. That is how a host tells them apart.
 */

export interface PrinterStatus {
  readonly paper: 'adequate' | 'nearEnd' | 'out';
  readonly isCoverOpen: boolean;
  /** `recoverable` by DLE ENQ or the cover, `cutter`, `unrecoverable` but by power, `overheated` until it cools. */
  readonly error: 'none' | 'recoverable' | 'cutter' | 'unrecoverable' | 'overheated';
}

export const readyStatus: PrinterStatus = { paper: 'adequate', isCoverOpen: false, error: 'none' };

/** A printer that is offline executes nothing from its receive buffer; it answers DLE EOT all the same. */
export function isOffline(status: PrinterStatus): boolean {
  return status.isCoverOpen || status.paper === 'out' || status.error !== 'none';
}

/** Bits of the argument of GS a: which changes are told. */
const TELLS_ONLINE = 0x02;
const TELLS_ERRORS = 0x04;
const TELLS_PAPER = 0x08;

/** Error causes as in DLE EOT 3 and the second byte of the automatic status, which share their bits. */
const ERROR_BITS = {
  none: 0,
  recoverable: 0x04,
  cutter: 0x08,
  unrecoverable: 0x20,
  overheated: 0x40,
} as const;

const bit = (mask: number, isSet: boolean): number => (isSet ? mask : 0);

/** The answer to DLE EOT `selector` (1 printer, 2 offline cause, 3 error cause, 4 roll paper); `undefined` for others. */
export function realTimeStatus(status: PrinterStatus, selector: number): Uint8Array | undefined {
  const bits = [
    bit(0x08, isOffline(status)),
    bit(0x04, status.isCoverOpen) |
      bit(0x20, status.paper === 'out') |
      bit(0x40, status.error !== 'none'),
    ERROR_BITS[status.error],
    bit(0x0c, status.paper !== 'adequate') | bit(0x60, status.paper === 'out'),
  ][selector - 1];
  return bits === undefined ? undefined : Uint8Array.of(0x12 | bits);
}

/** The four bytes of Automatic Status Back; 10 00 00 0F where all is well. */
export function automaticStatus(status: PrinterStatus): Uint8Array {
  return Uint8Array.of(
    0x10 | bit(0x08, isOffline(status)) | bit(0x20, status.isCoverOpen),
    ERROR_BITS[status.error],
    paperStatus(status),
    0x0f,
  );
}

/** Whether a change is one that `mask`, the argument of GS a, asks to be told. */
export function isTold(mask: number, before: PrinterStatus, after: PrinterStatus): boolean {
  const hasOnlineChanged =
    isOffline(before) !== isOffline(after) || before.isCoverOpen !== after.isCoverOpen;
  return (
    ((mask & TELLS_ONLINE) !== 0 && hasOnlineChanged) ||
    ((mask & TELLS_ERRORS) !== 0 && before.error !== after.error) ||
    ((mask & TELLS_PAPER) !== 0 && before.paper !== after.paper)
  );
}

/** Whether GS a with this argument turns the automatic status on. */
export function tellsAnything(mask: number): boolean {
  return (mask & (TELLS_ONLINE | TELLS_ERRORS | TELLS_PAPER)) !== 0;
}

/** The answer to GS r 1 and ESC v, also the third byte of the automatic status: bits 0, 1 near end, 2, 3 end. */
export function paperStatus(status: PrinterStatus): number {
  return bit(0x03, status.paper !== 'adequate') | bit(0x0c, status.paper === 'out');
}
