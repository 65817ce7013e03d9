/** Proofs that somebody holds a key of a meter: an answer to a challenge (requirements.md D6). */

import { equalBytes } from '#protocol/bytes';
import {
  type AuthenticationFields,
  authenticationDocument,
} from '#protocol/documents/authentication';
import { nodeCrypto } from '../node-crypto.ts';
import { type HostCertificate, publicPoint } from './x509/certificate.ts';
import { type PathProblem, type PathQuestion, validatePath } from './x509/path.ts';

export interface StatementQuestion
  extends Pick<PathQuestion, 'certificate' | 'others' | 'roots' | 'lists' | 'timeMs'> {
  readonly statement: Uint8Array;
  /** That was given out for this statement alone. */
  readonly challenge: Uint8Array;
}

export type StatementFinding =
  | 'valid'
  | PathProblem
  | 'statementMalformed'
  | 'statementSignature'
  | 'challengeDifferent';

const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/** Judges an answer to a challenge: certificate, signature, challenge. */
export function judgeStatement(question: StatementQuestion): StatementFinding {
  const { statement, challenge, certificate } = question;
  const path = validatePath({ ...question, purpose: CLIENT_AUTHENTICATION });
  if (!path.ok) return path.problem;
  const fields = statementBy(certificate, statement);
  if (fields === undefined)
    return authenticationDocument.read(statement).ok ? 'statementSignature' : 'statementMalformed';
  return equalBytes(fields.challenge, challenge) ? 'valid' : 'challengeDifferent';
}

/** What a statement says; undefined where the key of the certificate did not sign it. */
export function statementBy(
  certificate: HostCertificate,
  statement: Uint8Array,
): AuthenticationFields | undefined {
  const key = publicPoint(certificate);
  const read = key && authenticationDocument.verify(nodeCrypto, key, statement);
  return read?.ok === true && key !== undefined && equalBytes(read.value.publicKey, key)
    ? read.value
    : undefined;
}
