/** docs/channel.md sections 2, 3 and 6 as terms: messages, transcript, keys, proofs, records. */

import { f, type Term } from '../term.ts';
import { type CoreField, coreFields, type HelloField, helloFields, type Pma1 } from './pma1.ts';

export type Hello = Readonly<Record<HelloField, Term>>;
export type Core = Readonly<Record<CoreField, Term>>;

/** Stands where a weakened protocol has nothing. */
const leftOut = f('leftOut');
const cat = (...parts: readonly Term[]): Term => f(`cat${parts.length}`, ...parts);

export const helloTerm = (hello: Hello): Term =>
  f('hello', ...helloFields.map((field) => hello[field]));
export const coreTerm = (core: Core): Term => f('core', ...coreFields.map((field) => core[field]));

export interface Schedule {
  readonly transcript: Term;
  readonly keyA: Term;
  readonly keyB: Term;
  readonly rekeyA: Term;
  readonly rekeyB: Term;
  readonly SigS: Term;
  readonly MacS: Term;
  readonly SigC: Term;
  readonly MacC: Term;
}

/** The private keys that sign; a variable where only the public one is known. */
export interface Signers {
  readonly host: Term;
  readonly device: Term;
}

/** Everything that two handshake messages and the shared secret decide. */
export function scheduleOf(
  pma: Pma1,
  hello: Hello,
  core: Core,
  shared: Term,
  signers: Signers,
): Schedule {
  const has = <T>(list: readonly T[], one: T, term: Term): Term =>
    list.includes(one) ? term : leftOut;
  const transcript = f(
    'transcript',
    f('hello', ...helloFields.map((field) => has(pma.hashedHello, field, hello[field]))),
    f('core', ...coreFields.map((field) => has(pma.hashedCore, field, core[field]))),
  );
  const context = cat(
    has(pma.context, 'th', transcript),
    has(pma.context, 'clientKey', hello.clientKey),
    has(pma.context, 'meterId', core.meterId),
    has(pma.context, 'serverKey', core.serverKey),
  );
  const extracted = f('prk', pma.salt === 'th' ? transcript : leftOut, shared);
  const key = (label: string): Term => f('kdf', f(label), extracted, context);
  const proof = (name: Pma1['proofs'][number], term: Term): Term => has(pma.proofs, name, term);
  const [phaseS, phaseC] = pma.phases.map((phase) => f(phase)) as [Term, Term];

  const SigS = proof('SigS', f('sig', signers.device, cat(phaseS, transcript)));
  const macS = cat(phaseS, has(pma.macS, 'th', transcript), has(pma.macS, 'SigS', SigS));
  const MacS = proof('MacS', f('mac', key('confirmB'), macS));
  const sigC = [
    has(pma.sigC, 'th', transcript),
    has(pma.sigC, 'SigS', SigS),
    has(pma.sigC, 'MacS', MacS),
  ];
  const SigC = proof('SigC', f('sig', signers.host, cat(phaseC, ...sigC)));
  const macC = [
    has(pma.macC, 'th', transcript),
    has(pma.macC, 'SigS', SigS),
    has(pma.macC, 'MacS', MacS),
    has(pma.macC, 'SigC', SigC),
  ];
  const MacC = proof('MacC', f('mac', key('confirmA'), cat(phaseC, ...macC)));
  const [labelA, labelB] = pma.keyLabels;
  return {
    transcript,
    keyA: key(labelA),
    keyB: key(labelB),
    rekeyA: key('rekeyA'),
    rekeyB: key('rekeyB'),
    SigS,
    MacS,
    SigC,
    MacC,
  };
}

/** The key and rekey secret of a direction in an epoch. */
export interface EpochKeys {
  readonly key: Term;
  readonly secret: Term;
}

/** Why an epoch began, which is also its name: the first one, by count, or by time after so many records. */
export type Beginning =
  | { readonly how: 'first' }
  | { readonly how: 'byCount'; readonly after: Beginning }
  | { readonly how: 'byTime'; readonly after: Beginning; readonly records: Term };

export const firstEpoch: Beginning = { how: 'first' };

/** The number of an epoch, as a term. */
export function epochOf(beginning: Beginning): Term {
  return beginning.how === 'first' ? f('epoch0') : f('next', epochOf(beginning.after));
}

/** The name of an epoch: what leads to it. */
export function beginningTerm(beginning: Beginning): Term {
  switch (beginning.how) {
    case 'first':
      return f('first');
    case 'byCount':
      return f('byCount', beginningTerm(beginning.after));
    case 'byTime':
      return f('byTime', beginningTerm(beginning.after), beginning.records);
  }
}

/** The keys of an epoch, from those of the first. */
export function epochKeys(pma: Pma1, first: EpochKeys, beginning: Beginning): EpochKeys {
  if (beginning.how === 'first') return first;
  const before = epochKeys(pma, first, beginning.after);
  if (pma.rekey === 'same') return before;
  const has = (one: 'epoch' | 'sequence', term: Term) =>
    pma.rekeyByTime.includes(one) ? term : leftOut;
  const epoch = epochOf(beginning);
  const place =
    beginning.how === 'byCount'
      ? f('countContext', epoch)
      : f('timeContext', has('epoch', epoch), has('sequence', beginning.records));
  const from = pma.rekey === 'rekeySecret' ? before.secret : first.secret;
  const secret = pma.rekey === 'rekeySecret' ? f('nextSecret', from, place) : first.secret;
  return { key: f('nextKey', from, place), secret };
}

export function recordTerm(
  pma: Pma1,
  keys: EpochKeys,
  beginning: Beginning,
  sequence: Term,
  plaintext: Term,
): Term {
  const epoch = pma.recordNonce.includes('epoch') ? epochOf(beginning) : leftOut;
  const nonce = f('nonce', epoch, pma.recordNonce.includes('sequence') ? sequence : leftOut);
  return f('record', keys.key, nonce, plaintext);
}
