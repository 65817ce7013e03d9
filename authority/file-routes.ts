/** What the world's own tools ask of the authority: its roots, its revocation lists, the state of a certificate (RFC 5280, RFC 6960). */

import type { FileRoute } from '#protocol/http/file-route';

const CERTIFICATE = 'application/pkix-cert';
const CRL = 'application/pkix-crl';
const OCSP_RESPONSE = 'application/ocsp-response';

export const authorityFiles = {
  rootPem: {
    method: 'GET',
    path: '/root.pem',
    summary: 'The X.509 certificate of the authority key of today, PEM.',
    gives: 'application/x-pem-file',
  },
  rootDer: {
    method: 'GET',
    path: '/root.der',
    summary: 'The same, DER.',
    gives: CERTIFICATE,
  },
  rootOf: {
    method: 'GET',
    path: '/roots/:name',
    summary: 'The X.509 certificate of any key of the authority, by its key id, DER.',
    gives: CERTIFICATE,
  },
  crl: {
    method: 'GET',
    path: '/crl',
    summary: 'The revocation list of the key of today, DER.',
    gives: CRL,
  },
  crlOf: {
    method: 'GET',
    path: '/crl/:name',
    summary: 'The revocation list of the key of today or the one before, by its key id, DER.',
    gives: CRL,
  },
  askOcsp: {
    method: 'POST',
    path: '/ocsp',
    summary: 'Answers a question of OCSP about certificates (RFC 6960).',
    takes: 'application/ocsp-request',
    gives: OCSP_RESPONSE,
  },
  askOcspByPath: {
    method: 'GET',
    path: '/ocsp/*question',
    summary: 'The same, with the question in base 64 in the path.',
    gives: OCSP_RESPONSE,
  },
} as const satisfies Readonly<Record<string, FileRoute>>;
