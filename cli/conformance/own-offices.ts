/**
 * An authority and a provider of the kit's own, for a device whose whole life is lived: keys that nobody trusts but this
 * device, and documents as the real ones would sign them. They are gone when the kit ends.
 */

import type { Meter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import type { ResponseOf } from '#protocol/command';
import type { Registers } from '#protocol/command-layouts';
import type { Crypto, KeyPair } from '#protocol/crypto';
import {
  type CertificateUsage,
  issueCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { addDays, dateOf } from '#protocol/documents/date';
import { issueLicence, type LicenceFields, ordinaryTerms } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueRateTable } from '#protocol/documents/rate-table';
import {
  type RefillAuthorisation,
  readRefillRequest,
  signRefillAuthorisation,
} from '#protocol/documents/refill';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { must } from './check.ts';

/** The number that the kit gives a device; real ones begin with the model of their maker. */
export const KIT_METER_ID = encodeMeterId({ model: 'KIT0', serial: 1 });
export const OTHER_METER_ID = encodeMeterId({ model: 'KIT0', serial: 2 });
/** Price of the one service of its rate table. */
const KIT_POSTAGE = mills(780);
export const KIT_FUNDS = mills(100_000);
export const KIT_DESCENDING_MAX = mills(500_000);

const YEAR = 365;
/** What a meter takes (docs/commands.md, installRateTable). */
const RATE_TABLE_SIZE_MAX = 4096;

export interface OwnOffices {
  readonly authority: KeyPair;
  readonly provider: KeyPair;
  /** Whom the device must not believe. */
  readonly stranger: KeyPair;
  certificate(usage: CertificateUsage, publicKey: Uint8Array, issuer?: KeyPair): Uint8Array;
  licence(fields?: Partial<LicenceFields>, issuer?: KeyPair): Uint8Array;
  rateTable(version: number, issuer?: KeyPair): Uint8Array;
  /** One that just fits into what a meter takes, or just does not. */
  largeRateTable(version: number, fate: 'taken' | 'refused'): Uint8Array;
  /** Grants a refill as it was asked for, but for the changes. */
  authorise(
    request: Uint8Array,
    changes?: Partial<RefillAuthorisation>,
    signer?: KeyPair,
  ): Uint8Array;
  agree(request: Uint8Array, signer?: KeyPair): Uint8Array;
}

/** @param date of the clock of the device, YYYYMMDD @param timeMs the same as a time */
export function ownOffices(crypto: Crypto, date: number, timeMs: number): OwnOffices {
  const [authority, provider, stranger] = [0, 1, 2].map(() => crypto.generateKeyPair()) as [
    KeyPair,
    KeyPair,
    KeyPair,
  ];
  const validity = { validFrom: addDays(date, -YEAR), validTo: addDays(date, 5 * YEAR) };
  const price = { minimum: KIT_POSTAGE, maximum: KIT_POSTAGE, steps: [] };
  const tableOf = (version: number, services: number, issuer: KeyPair): Uint8Array =>
    issueRateTable(crypto, issuer, {
      version,
      ...validity,
      rates: Array.from({ length: services }, (_, place) => ({
        serviceId: place + 1,
        kind: 'fixed' as const,
        ...price,
      })),
    });
  return {
    authority,
    provider,
    stranger,
    certificate(usage, publicKey, issuer = authority) {
      const fields = { serial: 1, subject: KIT_METER_ID, usage, publicKey, ...validity };
      return issueCompactCertificate(crypto, issuer, fields);
    },
    licence: (fields = {}, issuer = authority) =>
      issueLicence(crypto, issuer, {
        ...ordinaryTerms,
        meterId: KIT_METER_ID,
        sequence: 1,
        licenceNumber: 1,
        originZip: 20260,
        providerId: 1,
        providerKey: provider.publicKey,
        issueDate: date,
        validTo: validity.validTo,
        descendingMax: KIT_DESCENDING_MAX,
        certificateDescendingMax: mills(0),
        postageMin: mills(1),
        postageMax: mills(90_000),
        ...fields,
      }),
    rateTable: (version, issuer = authority) => tableOf(version, 1, issuer),
    largeRateTable(version, fate) {
      const [none = 0, one = 0] = [0, 1].map((count) => tableOf(version, count, authority).length);
      const most = Math.floor((RATE_TABLE_SIZE_MAX - none) / (one - none));
      return tableOf(version, fate === 'taken' ? most : most + 1, authority);
    },
    authorise(request, changes = {}, signer = provider) {
      const read = readRefillRequest(request);
      must(read.ok, 'what the meter gave is no refill request');
      const { amount, pieceCount: _, ...asked } = read.value;
      const granted = { ...asked, amount, requestedAmount: amount, available: amount, timeMs };
      return signRefillAuthorisation(crypto, signer.privateKey, {
        ...granted,
        reason: 'ok',
        ...changes,
      });
    },
    agree(request, signer = provider) {
      const read = withdrawalRequestDocument.read(request);
      must(read.ok, 'what the meter gave is no withdrawal request');
      const { meterId, sequence, nonce, postal, certificate } = read.value;
      const terms = { meterId, sequence, nonce, postal, certificate, timeMs };
      return signWithdrawalAuthorisation(crypto, signer.privateKey, {
        ...terms,
        verdict: 'agreed',
      });
    },
  };
}

/** The law of money in one meter (ARCHITECTURE.md, what is always true, 3). */
export function mustConserve(registers: Registers): void {
  const { ascending, descending, withdrawn, credited, spoilageCredited } = registers;
  must(
    ascending + descending + withdrawn === credited + spoilageCredited,
    `ascending ${ascending} + descending ${descending} + withdrawn ${withdrawn} is not credited ${credited} + spoilageCredited ${spoilageCredited}`,
  );
  const { certificateAscending, certificateDescending, certificateWithdrawn } = registers;
  must(
    certificateAscending + certificateDescending + certificateWithdrawn ===
      registers.certificateCredited,
    'the certificate registers do not add up',
  );
}

/** A password of the kit; a fresh copy, since it is wiped by whoever gets it. */
export const passwordOf = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A piece of the kit's own meter, beside the one that check 211 pays. */
export async function franked(meter: Meter): Promise<Uint8Array> {
  const { timeMs } = await meter.status();
  const { requestCounter } = await meter.registers();
  const piece = { serviceId: 1, postage: KIT_POSTAGE, mailingDate: dateOf(timeMs), destination: 0 };
  const requestId = { counter: requestCounter + 1, nonce: 0x4b49_5431 };
  const { indicium } = await meter.createIndicium(pieceRequest(requestId, piece));
  return indicium;
}

/** What the making of a device gave. */
export type Born = ResponseOf<'initialize'>;
