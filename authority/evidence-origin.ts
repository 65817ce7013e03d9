/** From the layout to the signature: whether a meter of ours made an indicium (requirements.md C8). */

import { equalBytes } from '#protocol/bytes';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { verifyCertificateInTime } from '#protocol/documents/authority-chain';
import type { Indicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { hasSignature } from '#protocol/documents/signed-document';
import { type Check, fail, judge, pass, unknown } from './check.ts';
import type { AuthorityContext } from './context.ts';

export type OriginCheck = Check<'structure' | 'certificate' | 'chain' | 'signature'>;

/**
 * The checks in their order; what hangs on a failed one is unknown.
 * @param certificate the one that the indicium names; undefined where none was issued under this number
 */
export function judgeOrigin(
  { crypto, keysInTime }: Pick<AuthorityContext, 'crypto' | 'keysInTime'>,
  evidence: Uint8Array,
  indicium: Indicium,
  certificate: Uint8Array | undefined,
): readonly OriginCheck[] {
  const structure = pass('structure', 'It has the layout of an indicium.');
  const serial = indicium.certificateSerial;
  if (certificate === undefined)
    return [
      structure,
      fail('certificate', `No certificate ${serial} was issued.`),
      unknown('chain', 'There is no certificate to check.'),
      unknown('signature', 'There is no key to check it with.'),
    ];
  const chain = verifyCertificateInTime(crypto, keysInTime, certificate, {
    usage: 'indicium',
    subject: indicium.meterId,
  });
  const issued = pass('certificate', `Certificate ${serial} was issued by this authority.`);
  if (!chain.ok || !equalBytes(indicium.keyId, keyId(crypto, chain.value.publicKey)))
    return [
      structure,
      issued,
      fail('chain', `Certificate ${serial} is not one for the indicia of this meter and key.`),
      unknown('signature', 'There is no key to check it with.'),
    ];
  return [
    structure,
    issued,
    pass(
      'chain',
      'The certificate is for this meter and leads to a key of the authority that counted on its day.',
    ),
    isVoid(evidence, indicium)
      ? unknown('signature', 'A test print is not signed.')
      : judge(
          'signature',
          hasSignature(crypto, chain.value.publicKey, evidence),
          'The key of this meter signed it.',
          'The signature is wrong: it was not made by this meter, or it was changed.',
        ),
  ];
}

/** A test print carries zeros for a signature (domain.md R37). */
function isVoid(evidence: Uint8Array, { flags }: Indicium): boolean {
  return flags.test && evidence.subarray(-SIGNATURE_SIZE).every((byte) => byte === 0);
}
