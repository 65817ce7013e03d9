/** The authority key of a meter, brought up to today one certificate after the other (requirements.md D8, F8). */

import { equalBytes } from '#protocol/bytes';
import { type AuthorityKey, authorityKeyDocument } from '#protocol/documents/authority-key';
import { RefusedError } from '../errors.ts';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { KeysOffice } from './offices.ts';

export interface AuthorityKeyOutcome {
  /** `unknown`: the authority has no certificate of the key that the meter holds. */
  readonly outcome: 'renewed' | 'latest' | 'unknown';
  /** Of the key that the meter holds now; 0 where it has no certificate of it. */
  readonly sequence: number;
  /** Certificates that the meter took now: the announcement it lacked, and keys. */
  readonly installed: number;
  /** All keys of the authority, for the host to believe from the one that it knows. */
  readonly certificates: readonly Uint8Array[];
}

/** @throws RefusedError, LinkError, and what the office throws: whatever the meter took, it keeps */
export async function renewAuthorityKey(
  meter: Pick<Meter, 'authorityKey' | 'installAuthorityKey'>,
  office: KeysOffice,
  options: CallOptions = {},
): Promise<AuthorityKeyOutcome> {
  const { signal } = options;
  const { certificates } = await office.authorityKeys({}, signal && { signal });
  return installAuthorityKeys(meter, certificates, options);
}

/** Gives the meter those of the certificates that it lacks, the first one first. @throws RefusedError, LinkError */
export async function installAuthorityKeys(
  meter: Pick<Meter, 'authorityKey' | 'installAuthorityKey'>,
  certificates: readonly Uint8Array[],
  options: CallOptions = {},
): Promise<AuthorityKeyOutcome> {
  const { key, certificate } = await meter.authorityKey(options);
  const held = readKey(certificate);
  const lacking = certificates.flatMap((document) => {
    const read = readKey(document);
    return read === undefined ? [] : [{ document, read }];
  });
  const first = lacking.findIndex(({ read }) =>
    held === undefined ? equalBytes(read.publicKey, key) : read.sequence > held.sequence,
  );
  let sequence = held?.sequence ?? 0;
  if (first < 0) {
    const outcome = held === undefined ? 'unknown' : 'latest';
    return { outcome, sequence, installed: 0, certificates };
  }
  let installed = 0;
  for (const { document, read } of lacking.slice(first)) {
    if (await install(meter, document, options)) installed += 1;
    sequence = read.sequence;
  }
  return { outcome: 'renewed', sequence, installed, certificates };
}

/** False where another host was faster, or an answer was lost: it is there already. */
async function install(
  meter: Pick<Meter, 'installAuthorityKey'>,
  document: Uint8Array,
  options: CallOptions,
): Promise<boolean> {
  try {
    await meter.installAuthorityKey(document, options);
    return true;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 'documentOutdated') return false;
    throw error;
  }
}

function readKey(document: Uint8Array): AuthorityKey | undefined {
  const read = authorityKeyDocument.read(document);
  return read.ok ? read.value : undefined;
}
