/**
 * What the terms of the model are in bytes (docs/channel.md sections 2, 3 and 6), computed with the second implementation, so
 * that a recorded conversation can be held against the model: every byte of it must be the value of a term.
 */

import {
  agree,
  derive,
  hash,
  join,
  little,
  mac,
  seal,
  text,
  verify,
} from '#test/independent/algorithms';
import { type Application, isVariable, type Term, written } from './term.ts';

/** The bytes of names: what somebody drew or was given. */
export interface Values {
  /** Constants and names that are bytes by themselves: nonces, meter ids, plaintexts, certificates. */
  readonly named: Map<string, Uint8Array>;
  /** Public keys by the private key's name. */
  readonly publicKeys: Map<string, Uint8Array>;
  /** Private keys, as far as whoever recorded has them. */
  readonly privateKeys: Map<string, Uint8Array>;
  /** Signatures that were seen and verified, by their term. */
  readonly signatures: Map<string, Uint8Array>;
}

export const noValues = (): Values => ({
  named: new Map(),
  publicKeys: new Map(),
  privateKeys: new Map(),
  signatures: new Map(),
});

/** What the constants of the model are on the wire. */
const constants: Readonly<Record<string, Uint8Array>> = {
  v1: Buffer.of(1),
  strongOnly: Buffer.of(1, 1),
  strong: Buffer.of(1),
  user: Buffer.of(1),
  cryptoOfficer: Buffer.of(2),
  phase2: text('PMA1 phase 2'),
  phase3: text('PMA1 phase 3'),
  epoch0: little(0, 4),
  noCertificate: Buffer.alloc(0),
};

const labels: Readonly<Record<string, string>> = {
  keyA: 'PMA1 key A',
  keyB: 'PMA1 key B',
  rekeyA: 'PMA1 rekey A',
  rekeyB: 'PMA1 rekey B',
  confirmA: 'PMA1 confirm A',
  confirmB: 'PMA1 confirm B',
};

const magic = (number: number): Buffer => join(text('PMA1'), Buffer.of(number));
const sized = (bytes: Uint8Array): Buffer => join(little(bytes.length, 4), bytes);

type Operation = (term: Application, values: Values) => Uint8Array;

const at = (term: Application, place: number): Term => {
  const inner = term.of[place];
  if (inner === undefined) throw new Error(`${term.name} has no part ${place}`);
  return inner;
};
const partsOf = (term: Application, values: Values): Uint8Array[] =>
  term.of.map((inner) => bytesOf(inner, values));

function keyOf(term: Term, keys: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined {
  return keys.get(written(term));
}

function shared(term: Application, { publicKeys, privateKeys }: Values): Uint8Array {
  for (const [mine, theirs] of [
    [at(term, 0), at(term, 1)],
    [at(term, 1), at(term, 0)],
  ] as const) {
    const [privateKey, publicKey] = [keyOf(mine, privateKeys), keyOf(theirs, publicKeys)];
    const point = privateKey && publicKey && agree(privateKey, publicKey);
    if (point !== undefined) return point;
  }
  throw new Error(`nobody who recorded knows ${written(term)}`);
}

/** Both halves of what a rekey secret gives. */
function renewed(term: Application, values: Values): Buffer {
  const secret = bytesOf(at(term, 0), values);
  const place = at(term, 1) as Application;
  const label = place.name === 'countContext' ? 'PMA1 rekey' : 'PMA1 rekey time';
  return derive(secret, label, join(...partsOf(place, values)), 2);
}

const operations: Readonly<Record<string, Operation>> = {
  hello: (term, values) => join(magic(1), ...partsOf(term, values)),
  core(term, values) {
    const fields = partsOf(term, values);
    const certificate = fields.pop() as Uint8Array;
    return join(magic(2), ...fields, little(certificate.length, 2), certificate);
  },
  transcript: (term, values) => hash(...partsOf(term, values).map(sized)),
  pk: (term, { publicKeys }) => must(keyOf(at(term, 0), publicKeys), term),
  g: (term, { publicKeys }) => must(keyOf(at(term, 0), publicKeys), term),
  dh: shared,
  prk: (term, values) => mac(bytesOf(at(term, 0), values), bytesOf(at(term, 1), values)),
  kdf(term, values) {
    const label = must(labels[written(at(term, 0))], term);
    return derive(bytesOf(at(term, 1), values), label, bytesOf(at(term, 2), values), 1);
  },
  mac: (term, values) => mac(bytesOf(at(term, 0), values), bytesOf(at(term, 1), values)),
  sig: (term, { signatures }) => must(signatures.get(written(term)), term),
  nextKey: (term, values) => renewed(term, values).subarray(0, 32),
  nextSecret: (term, values) => renewed(term, values).subarray(32),
  next: (term, values) => little(Buffer.from(bytesOf(at(term, 0), values)).readUInt32LE() + 1, 4),
  nonce: (term, values) => join(...partsOf(term, values)),
  record(term, values) {
    const [key, nonce, plaintext] = partsOf(term, values) as [Uint8Array, Uint8Array, Uint8Array];
    return seal(key, nonce, text('PMA1 record'), plaintext);
  },
};

function must<T>(value: T | undefined, term: Term): T {
  if (value === undefined) throw new Error(`no bytes are known for ${written(term)}`);
  return value;
}

/** @throws Error where the model has a term that nothing is known of in bytes */
export function bytesOf(term: Term, values: Values): Uint8Array {
  if (isVariable(term)) throw new Error(`${term.variable} is no value`);
  const known = values.named.get(written(term)) ?? constants[written(term)];
  if (known !== undefined) return known;
  if (/^cat\d+$/.test(term.name)) return join(...partsOf(term, values));
  const operation = operations[term.name];
  if (operation === undefined)
    throw new Error(`the model has ${term.name}, which is no bytes here`);
  return operation(term, values);
}

/** Takes a signature that was seen for the value of its term, if it is one of what the term says. */
export function acceptSignature(term: Term, bytes: Uint8Array, values: Values): boolean {
  if (isVariable(term) || term.name !== 'sig') return false;
  const key = keyOf(at(term, 0), values.publicKeys);
  if (key === undefined || !verify(key, bytes, bytesOf(at(term, 1), values))) return false;
  values.signatures.set(written(term), bytes);
  return true;
}
