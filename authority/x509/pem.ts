/** Structures in DER as text between two lines (RFC 7468). */

const LINE_SIZE = 64;

/** @param label what it is: `CERTIFICATE` */
export function pemOf(label: string, der: Uint8Array): Uint8Array {
  const digits = Buffer.from(der).toString('base64');
  const lines = digits.match(new RegExp(`.{1,${LINE_SIZE}}`, 'g')) ?? [];
  const text = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
  return Uint8Array.from(Buffer.from(text, 'ascii'));
}
