/**
 * What a host asks of the authority and of the provider for a meter (requirements.md F8): documents that only the meter
 * judges. The host carries them; how it reaches the offices is the program's, and tests bring their own.
 *
 * Every method throws what its transport throws, and may be called again: the same question gets the same answer.
 */

import type { Mills } from '#protocol/mills';

export interface OfficeOptions {
  readonly signal?: AbortSignal;
}

/** Asks one thing of an office. */
export type Question<Request, Response> = (
  request: Request,
  options?: OfficeOptions,
) => Promise<Response>;

interface OfMeter {
  readonly meterId: Uint8Array;
}

/** Whoever may set the clock of a meter. */
export interface ClockOffice {
  readonly setClock: Question<
    OfMeter & { readonly challenge: Uint8Array },
    { readonly setting: Uint8Array }
  >;
}

export interface KeysOffice {
  /** The certificates of all keys that the authority has had, the first one first. */
  readonly authorityKeys: Question<
    Record<never, never>,
    { readonly certificates: readonly Uint8Array[] }
  >;
}

export interface RenewalOffice {
  /** Certifies the keys that a meter asks for. */
  readonly renewCertificates: Question<
    { readonly request: Uint8Array },
    { readonly device: Uint8Array; readonly indicium: Uint8Array }
  >;
}

export interface OrderOffice {
  /** The latest lock order of a meter; none where it never had one. */
  readonly lockOrder: Question<OfMeter, { readonly order?: Uint8Array | undefined }>;
}

export interface RatesOffice {
  readonly currentRateTable: Question<Record<never, never>, { readonly rateTable: Uint8Array }>;
  /** The one that is to be loaded ahead; none where none is published. */
  readonly nextRateTable: Question<
    Record<never, never>,
    { readonly rateTable?: Uint8Array | undefined }
  >;
}

export interface LicenceOffice {
  /** The latest one. */
  readonly licence: Question<OfMeter, { readonly licence: Uint8Array }>;
}

/** One thing that was looked at in an inspection. */
export interface InspectionCheck {
  readonly name: string;
  readonly outcome: 'pass' | 'fail' | 'unknown';
  readonly text: string;
}

export interface InspectionVerdict {
  readonly accepted: boolean;
  readonly checks: readonly InspectionCheck[];
  /** Where it was accepted. */
  readonly acknowledgement?: Uint8Array | undefined;
  /** The latest lock order of the meter, which the inspection may have led to. */
  readonly order?: Uint8Array | undefined;
}

export interface InspectionOffice {
  /** Begins an inspection; tells how many records of the security log the authority has. */
  readonly askForReport: Question<
    OfMeter,
    { readonly challenge: Uint8Array; readonly logCount: number }
  >;
  /** @param log the records behind those it has, up to the one that the report names */
  readonly takeReport: Question<
    { readonly report: Uint8Array; readonly log: Uint8Array },
    InspectionVerdict
  >;
}

export interface RefillOffice {
  readonly refill: Question<
    { readonly request: Uint8Array },
    { readonly authorisation: Uint8Array; readonly lockOrder?: Uint8Array | undefined }
  >;
}

export interface WithdrawalOffice {
  readonly withdraw: Question<
    { readonly request: Uint8Array },
    {
      readonly authorisation: Uint8Array;
      /** Why it was refused. */
      readonly obstacle?: string | undefined;
      readonly lockOrder?: Uint8Array | undefined;
    }
  >;
  readonly proveWithdrawal: Question<
    { readonly report: Uint8Array },
    { readonly postal: Mills; readonly certificate: Mills }
  >;
}

/** A key of a meter. */
export interface KeyInMeter extends OfMeter {
  /** Its number in the meter. */
  readonly key: number;
}

/** How far a request for a certificate is. */
export interface RequestStanding {
  /** Of the request, at the authority. */
  readonly number: number;
  readonly state: 'pending' | 'approved' | 'refused' | 'issued';
  /** Why it was refused, for a person. */
  readonly reason?: string | undefined;
}

export interface GivenCertificate {
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** What the meter judges. */
  readonly grant: Uint8Array;
  /** The root that issued it, DER. */
  readonly root: Uint8Array;
}

export interface CertificateOffice {
  readonly requestCertificate: Question<
    { readonly request: Uint8Array; readonly csr: Uint8Array },
    RequestStanding
  >;
  readonly keyRequest: Question<KeyInMeter, RequestStanding>;
  readonly keyCertificate: Question<KeyInMeter, GivenCertificate>;
}

export interface RevocationOrderOffice {
  /** The orders that the meter has not confirmed. */
  readonly revocationOrders: Question<OfMeter, { readonly orders: readonly Uint8Array[] }>;
  readonly confirmRevocation: Question<
    { readonly confirmation: Uint8Array },
    { readonly paid: Mills; readonly due: Mills }
  >;
}

export interface RevocationOffice extends RevocationOrderOffice {
  /** Gives the order that a request of the user leads to. */
  readonly revokeCertificate: Question<
    { readonly request: Uint8Array },
    { readonly order: Uint8Array }
  >;
}

export interface AuthorityOffice
  extends ClockOffice,
    KeysOffice,
    RenewalOffice,
    OrderOffice,
    RatesOffice,
    LicenceOffice,
    InspectionOffice,
    RevocationOrderOffice {}

export interface ProviderOffice extends ClockOffice, RefillOffice, WithdrawalOffice {}

/** Those that can be reached; what needs another one is left out. */
export interface Offices {
  readonly authority?: AuthorityOffice | undefined;
  readonly provider?: Pick<ProviderOffice, 'setClock' | 'refill'> | undefined;
}
