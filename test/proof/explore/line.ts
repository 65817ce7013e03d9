/** What meter and provider say to each other: signed documents, each for one receiver, carried by a host who keeps them all. */

import { refillAuthorisationDocument, refillRequestDocument } from '#protocol/documents/refill';
import {
  withdrawalAuthorisationDocument,
  withdrawalReportDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import type { Result } from '#protocol/result';

const documents = {
  refillRequest: refillRequestDocument,
  authorisation: refillAuthorisationDocument,
  offer: withdrawalRequestDocument,
  agreement: withdrawalAuthorisationDocument,
  proof: withdrawalReportDocument,
} as const;

export type DocumentKind = keyof typeof documents;

/** Whoever takes documents of a kind, by that kind. */
export const receivers = Object.keys(documents) as readonly DocumentKind[];
export const meterTakes = ['authorisation', 'agreement'] as const;
export type MeterTakes = (typeof meterTakes)[number];
export type ProviderTakes = Exclude<DocumentKind, MeterTakes>;

export const isForMeter = (kind: DocumentKind): kind is MeterTakes =>
  meterTakes.some((each) => each === kind);

export interface Document {
  readonly kind: DocumentKind;
  readonly bytes: Uint8Array;
}

function fieldsOf({ kind, bytes }: Document): Readonly<Record<string, unknown>> {
  const read = documents[kind].read(bytes) as Result<Readonly<Record<string, unknown>>>;
  if (!read.ok) throw new Error(`somebody gave a document that cannot be read: ${kind}`);
  return read.value;
}

/** What an authorisation credits; 0 for any other document. */
export function amountOf(document: Document): number {
  return document.kind === 'authorisation' ? Number(fieldsOf(document)['amount']) : 0;
}

/** Fields that say when and where in the journal, and those that are the same everywhere. */
const leftOut = ['meterId', 'timeMs', 'journalSequence', 'auditHead', 'logCount', 'logHead'];

/**
 * A document in what makes it another one.
 * @param nameOf stands for the value of a nonce
 */
export function inShort(document: Document, nameOf: (nonce: Uint8Array) => number): string {
  const { kind } = document;
  const { nonce, ...fields } = fieldsOf(document);
  const told = Object.entries(fields).filter(([name]) => !leftOut.includes(name));
  return JSON.stringify([kind, nameOf(nonce as Uint8Array), told]);
}

/** @returns the documents with this one among them, at the place where it was if it is there already */
export function withDocument(
  line: readonly Document[],
  { kind, bytes }: Document,
): readonly Document[] {
  const isKnown = line.some((each) => Buffer.compare(each.bytes, bytes) === 0);
  return isKnown ? line : [...line, { kind, bytes }];
}
