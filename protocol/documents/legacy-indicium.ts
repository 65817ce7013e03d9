/**
 * Indicia of older meters: IBI full (domain.md 1.1) and IBI-Lite (1.2), and which kind of evidence a symbol holds.
 *
 * They are read, not verified: the first is signed with DSA 1024 under certificates that are not public, the second has a
 * truncated MAC under a key that only the post has.
 */

import * as P from 'micro-packed';
import { bytes, mills24, mills32, mills40, rest, u8, u16, u24, u32, u40 } from '../fields.ts';
import { ok, type Result } from '../result.ts';
import { checked, date, decodeDocument, exactly, zip } from './document-fields.ts';
import { INDICIUM_VERSION, type Indicium, readIndicium } from './indicium.ts';

/** What is said of a signature that cannot be checked here. */
export const LEGACY_SIGNATURE_VERDICT = 'legacy algorithm, not verifiable';

const RESERVE_SIZE_MAX = 23;

/** Four printable ASCII characters. */
const modelText: P.CoderType<string> = P.apply(
  checked(bytes(4), 'printable ASCII', (model) =>
    model.every((byte) => byte >= 0x20 && byte <= 0x7e),
  ),
  {
    encode: (model: Uint8Array): string => String.fromCharCode(...model),
    decode: (model: string): Uint8Array =>
      Uint8Array.from(model, (character) => character.charCodeAt(0)),
  },
);

/** The fields of an IBI indicium in order: 49 bytes, the signature, and what the vendor put behind it. */
export const ibiFields = {
  version: checked(u8, 'a version of IBI', (version) => version !== INDICIUM_VERSION),
  /** 1 = DSA */
  algorithm: exactly(1),
  certificateSerial: u32,
  /** Vendor (2) and model (2). */
  model: modelText,
  serial: u32,
  ascending: mills40,
  postage: mills24,
  mailingDate: date,
  originZip: zip,
  /** ZIP+4, with delivery point or without, as a number; 0 for none. */
  destination: u40,
  softwareId: bytes(6),
  descending: mills32,
  /** A number or ASCII, as the vendor likes. */
  rateCategory: bytes(4),
  /** DSA 1024/160, r ‖ s. */
  signature: bytes(40),
  /** 0 to 23 bytes. */
  reserve: checked(rest, 'a reserve', (reserve) => reserve.length <= RESERVE_SIZE_MAX),
};
export const ibiLayout = P.struct(ibiFields);
export type IbiIndicium = Readonly<P.UnwrapCoder<typeof ibiLayout>>;

/** The fields of an IBI-Lite indicium in order, 20 bytes. */
export const ibiLiteFields = {
  version: exactly(0xff),
  pieceCount: u32,
  /** One byte for vendor and model. */
  model: u8,
  serial: u24,
  postage: mills24,
  serviceId: u16,
  mac: bytes(6),
};
export const ibiLiteLayout = P.struct(ibiLiteFields);
export type IbiLiteIndicium = Readonly<P.UnwrapCoder<typeof ibiLiteLayout>>;

/** 89 to 112 bytes. Refusal: `documentMalformed`. */
export function readIbi(symbol: Uint8Array): Result<IbiIndicium> {
  return decodeDocument(ibiLayout, symbol);
}

/** 20 bytes. Refusal: `documentMalformed`. */
export function readIbiLite(symbol: Uint8Array): Result<IbiLiteIndicium> {
  return decodeDocument(ibiLiteLayout, symbol);
}

export type Evidence =
  | { readonly format: 'tessera'; readonly indicium: Indicium }
  | { readonly format: 'ibi'; readonly indicium: IbiIndicium }
  | { readonly format: 'ibiLite'; readonly indicium: IbiLiteIndicium };

/**
 * Reads what a scanner found, of whichever kind it is; no two kinds can be confused, since version and length differ.
 * Refusal: `documentMalformed` where it is of none.
 */
export function readEvidence(symbol: Uint8Array): Result<Evidence> {
  const own = readIndicium(symbol);
  if (own.ok) return ok({ format: 'tessera', indicium: own.value });
  const ibi = readIbi(symbol);
  if (ibi.ok) return ok({ format: 'ibi', indicium: ibi.value });
  const lite = readIbiLite(symbol);
  return lite.ok ? ok({ format: 'ibiLite', indicium: lite.value }) : lite;
}
