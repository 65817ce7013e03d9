/**
 * Postmarks as files of the world (requirements.md D1; RFC 3161 2.4.2): the token that is made of what the meter signed,
 * and what a token says.
 */

import { TSTInfo } from 'pkijs';
import { readDer, readerOf, tags } from '#protocol/der';
import { ids, oid } from '../cms/oids.ts';
import { encodeSignedData, type ReadSignedData, readSignedData } from '../cms/signed-data.ts';
import { plainBytes } from '../plain-bytes.ts';
import { dotted, parse } from '../x509/certificate.ts';

/** What the meter gives for a postmark. */
export interface SignedPostmark {
  readonly tstInfo: Uint8Array;
  readonly signedAttributes: Uint8Array;
  /** r ‖ s. */
  readonly signature: Uint8Array;
}

/**
 * TimeStampToken.
 * @param certificate of the key that signed, DER
 * @param enclosed certificates that go with it: that one and those above, or none
 */
export function encodeTimeStampToken(
  { tstInfo, signedAttributes, signature }: SignedPostmark,
  certificate: Uint8Array,
  enclosed: readonly Uint8Array[] = [certificate],
): Uint8Array {
  return encodeSignedData({
    contentType: ids.tstInfo,
    content: tstInfo,
    certificates: enclosed,
    signer: certificate,
    signedAttributes,
    signature,
  });
}

/** A token that was read, not judged. */
export interface TimeStamp {
  readonly data: ReadSignedData;
  readonly tstInfo: Uint8Array;
  /** Object identifier. */
  readonly policy: string;
  /** Object identifier of the digest's algorithm. */
  readonly digestAlgorithm: string;
  readonly digest: Uint8Array;
  /** Big-endian. */
  readonly serial: Uint8Array;
  readonly timeMs: number;
  /** Big-endian; undefined where none was asked for. */
  readonly nonce: Uint8Array | undefined;
}

/** Reads a TimeStampToken of one signer; undefined where it is none. */
export function readTimeStampToken(der: Uint8Array): TimeStamp | undefined {
  const data = readSignedData(der);
  if (data?.contentType !== ids.tstInfo || data.content === undefined) return undefined;
  const tstInfo = data.content;
  const info = parse(() => TSTInfo.fromBER(plainBytes(tstInfo)));
  if (info === undefined || info.version !== 1) return undefined;
  // Something critical of which nothing is known (RFC 3161 2.4.2).
  if (info.extensions?.some(({ critical }) => critical) === true) return undefined;
  const { messageImprint, nonce } = info;
  const policy = policyOf(tstInfo);
  if (policy === undefined) return undefined;
  return {
    data,
    tstInfo,
    policy,
    digestAlgorithm: messageImprint.hashAlgorithm.algorithmId,
    digest: plainBytes(messageImprint.hashedMessage.valueBlock.valueHexView),
    serial: plainBytes(info.serialNumber.valueBlock.valueHexView),
    timeMs: info.genTime.getTime(),
    nonce: nonce && plainBytes(nonce.valueBlock.valueHexView),
  };
}

/** By our own reader: the parser of pkijs writes long numbers of an identifier in a form of its own. */
function policyOf(tstInfo: Uint8Array): string | undefined {
  return readDer(tstInfo, (reader) => {
    const info = readerOf(reader.next(tags.sequence).content);
    info.next(tags.integer);
    return dotted(info.next(tags.oid).content);
  });
}

/** Whether an identifier stands for this element. */
export const isPolicy = (policy: string, element: Uint8Array): boolean =>
  Buffer.compare(oid(policy), element) === 0;
