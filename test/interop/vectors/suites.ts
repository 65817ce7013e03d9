/** NIST PKITS and x509-limbo as cases (the vectors of test/support/vectors.ts). */

import { readVectorBytes, readVectors } from '#test/support/vectors';
import { derOf, type PathCase } from './case.ts';

interface PkitsCase {
  readonly test: string;
  readonly name: string;
  /** From the root down. */
  readonly certs: readonly string[];
  readonly crls: readonly string[];
  readonly shouldValidate: boolean;
  readonly [input: `Set${string}`]: string;
}

/** Its certificates are of 2010 to 2030. */
const PKITS_TIME_MS = Date.UTC(2011, 3, 15);

/** Inputs of the policy algorithm that are not the ones of somebody who asks for no policy. */
const policyInputs = (vector: PkitsCase): readonly string[] =>
  Object.keys(vector).filter((key) => key.startsWith('Set'));

export function pkitsCases(): readonly PathCase[] | undefined {
  const folder = 'x509/nist-pkits';
  const read = (path: string): Uint8Array => {
    const bytes = readVectorBytes(`${folder}/${path}`);
    if (bytes === undefined) throw new Error(`${path} is absent`);
    return bytes;
  };
  return readVectors<readonly PkitsCase[]>(`${folder}/cases.json`)?.map((vector) => {
    const certificates = vector.certs.map((name) => read(`certs/${name}.crt`));
    const [root, ...others] = certificates;
    const certificate = others.pop();
    if (root === undefined || certificate === undefined) throw new Error(`${vector.name}: no path`);
    return {
      id: `${vector.test} ${vector.name}`,
      suite: 'pkits' as const,
      isValid: vector.shouldValidate,
      certificate,
      others,
      roots: [root],
      lists: vector.crls.map((name) => read(`crls/${name}.crl`)),
      timeMs: PKITS_TIME_MS,
      purpose: undefined,
      asksFor: policyInputs(vector),
    };
  });
}

interface LimboCase {
  readonly id: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly extended_key_usage: readonly string[] | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly max_chain_depth: number | null;
}

/** When the file was made; all that say no time are valid from 1970 to 2969. */
const LIMBO_TIME_MS = Date.UTC(2023, 11, 2);
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export function limboCases(): readonly PathCase[] | undefined {
  const file = readVectors<{ readonly testcases: readonly LimboCase[] }>(
    'x509/limbo-2023-12-02.json',
  );
  return file?.testcases.map((vector) => ({
    id: vector.id,
    suite: 'limbo' as const,
    isValid: vector.expected_result === 'SUCCESS',
    certificate: derOf(vector.peer_certificate),
    others: vector.untrusted_intermediates.map(derOf),
    roots: vector.trusted_certs.map(derOf),
    lists: undefined,
    timeMs: vector.validation_time === null ? LIMBO_TIME_MS : Date.parse(vector.validation_time),
    purpose: vector.extended_key_usage === null ? undefined : SERVER_AUTH,
    asksFor: vector.max_chain_depth === null ? [] : ['max_chain_depth'],
  }));
}
