/**
 * Evidence in the forms of the world: what a program imports to make and judge postmarks, messages and key files
 * (`tessera/evidence`). Apart from the driver, since what reads these forms takes a while to load.
 */

export { type AgreedKey, unwrap, wrapFor } from './cms/agreement.ts';
export {
  type EncryptedContent,
  type Envelope,
  encodeEnvelope,
  encryptContent,
  openEnvelope,
  type ReadRecipient,
  type Recipient,
  readEnvelope,
  recipientOf,
} from './cms/enveloped-data.ts';
export {
  encodeSignedData,
  isSignatureOf,
  type ReadSignedData,
  readSignedData,
  type SignedParts,
  signedAttributesOf,
  signerOf,
} from './cms/signed-data.ts';
export { sha256OfFile } from './digest.ts';
export { type FileKey, fileKeyOf } from './key-file/password.ts';
export { type EncryptedKey, encodeEncryptedKey } from './key-file/pkcs8.ts';
export { encodeKeyBundle, type KeyBundle } from './key-file/pkcs12.ts';
export { derIn } from './pem.ts';
export { answerQuery, type StampAnswer } from './postmark/answer.ts';
export { encodeCompactPostmark, tokenOfCompact } from './postmark/compact.ts';
export {
  encodeGranted,
  encodeRejection,
  readStampRequest,
  type StampRequest,
  tokenIn,
} from './postmark/exchange.ts';
export {
  type CertificateVerdict,
  judgePostmark,
  type PostmarkJudgement,
  type PostmarkQuestion,
} from './postmark/judge.ts';
export {
  findStampKey,
  type StampContent,
  type StampKey,
  type StampOptions,
  stamp,
  validateInMeter,
} from './postmark/stamp.ts';
export {
  encodeTimeStampToken,
  readTimeStampToken,
  type SignedPostmark,
  type TimeStamp,
} from './postmark/time-stamp.ts';
export { type HostCertificate, type KeyUsage, readCertificate } from './x509/certificate.ts';
export {
  type PathAnswer,
  type PathProblem,
  type PathQuestion,
  validatePath,
} from './x509/path.ts';
export {
  type Revocation,
  type RevocationList,
  readRevocationList,
} from './x509/revocation-list.ts';
