/** Files of certificates and lists, in DER or PEM (RFC 7468). */

import { plainBytes } from './plain-bytes.ts';

/** The DER in a file: every block of a label in PEM, or the whole of it. */
export function derIn(file: Uint8Array, label: 'CERTIFICATE' | 'X509 CRL'): readonly Uint8Array[] {
  const text = Buffer.from(file).toString('latin1');
  if (!text.includes('-----BEGIN ')) return file.length === 0 ? [] : [plainBytes(file)];
  const blocks = text.matchAll(
    new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, 'g'),
  );
  return [...blocks].map(([, body = '']) => plainBytes(Buffer.from(body, 'base64')));
}
