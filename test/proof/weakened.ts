/**
 * PMA-1 with one defence taken away at a time, and which queries notice. Where none does, another defence stands behind the
 * one that is missing: it is kept for depth.
 */

import {
  type CoreField,
  coreFields,
  type HelloField,
  helloFields,
  type Pma1,
  pma1,
} from './model/pma1.ts';

export interface Weakened {
  readonly name: string;
  readonly pma: Pma1;
  /** The queries that turn false. */
  readonly breaks: readonly string[];
}

const weakened = (name: string, change: Partial<Pma1>, ...breaks: readonly string[]): Weakened => ({
  name,
  pma: { ...pma1, ...change },
  breaks,
});

const hello = (...out: readonly HelloField[]) => ({
  hashedHello: helloFields.filter((field) => !out.includes(field)),
});
const core = (...out: readonly CoreField[]) => ({
  hashedCore: coreFields.filter((field) => !out.includes(field)),
});
const proofs = (...out: readonly Pma1['proofs'][number][]) => ({
  proofs: pma1.proofs.filter((proof) => !out.includes(proof)),
});
/** The client's key neither in th nor in the context. */
const noClientKey = {
  ...hello('clientKey'),
  context: pma1.context.filter((part) => part !== 'clientKey'),
};

/** th neither as the salt nor in the context. */
const noTranscript: Partial<Pma1> = {
  salt: 'nothing',
  context: pma1.context.filter((part) => part !== 'th'),
};

export const weakenedModels: readonly Weakened[] = [
  weakened(
    'SigS is not there',
    proofs('SigS'),
    'secrecy of key A',
    'secrecy of key B',
    'agreement at the client',
    'secrecy of what is said',
  ),
  weakened(
    'SigC is not there',
    proofs('SigC'),
    'secrecy of key B',
    'agreement at the server',
    'one session at the server',
  ),
  weakened('the version offered is not in th', hello('version'), 'agreement at the server'),
  weakened('the offer is not in th', hello('suites'), 'no downgrade', 'agreement at the server'),
  weakened('the choice is not in th', core('suite'), 'no downgrade', 'agreement at the client'),
  weakened('the role is not in th', hello('role'), 'agreement at the server'),
  weakened('the client key is not in th', hello('clientKey'), 'agreement at the client'),
  weakened('the nonce is not in th', hello('nonce'), 'agreement at the server'),
  weakened(
    'the client ephemeral key is not in th',
    hello('ephemeral'),
    'agreement at the client', // under the weak suite, whose server exponent is known
  ),
  weakened(
    'neither nonce nor client ephemeral key is in th',
    hello('nonce', 'ephemeral'),
    'one session at the client',
  ),
  weakened(
    'the server ephemeral key is not in th',
    core('ephemeral'),
    'secrecy of key A',
    'agreement at the client',
  ),
  weakened(
    'the client key is nowhere and MacC does not cover SigC',
    { ...noClientKey, macC: ['th', 'SigS', 'MacS'] },
    'identity binding',
  ),
  weakened(
    'the long-lived keys are the exponents',
    { exponents: 'longLived' },
    'forward secrecy of key A',
    'forward secrecy of key B',
    'client key known',
  ),
  weakened(
    'no signatures, but long-lived keys in Z: C(2e, 2s)',
    { exponents: 'both', ...proofs('SigS', 'SigC') },
    'server key known',
    'client key known',
  ),
  weakened(
    'ephemeral keys and nonce are drawn once for all handshakes',
    { exponents: 'drawnOnce', nonceIsDrawn: false },
    'one session at the server',
    'one session at the client',
  ),
  weakened(
    'long-lived exponents, and no transcript in the keys',
    { exponents: 'longLived', ...noTranscript },
    'no record of another session',
  ),
  weakened('both directions have one key', { keyLabels: ['keyA', 'keyA'] }, 'no reflected record'),
  weakened(
    'records have no sequence',
    { recordNonce: ['epoch'] },
    'no replayed record',
    'no reordered record',
  ),
  weakened('records have no tag', { recordsAreTagged: false }, 'no forged record'),
  weakened('keys are never replaced', { rekey: 'same' }, 'earlier epochs stay secret'),
  weakened(
    'the rekey secret is never replaced',
    { rekey: 'keptSecret' },
    'earlier epochs stay secret',
  ),
  weakened(
    'the count of records is not in keys replaced by time',
    { rekeyByTime: ['epoch'] },
    'nothing left out',
  ),
  weakened('MacS is not there', proofs('MacS')),
  weakened('MacC is not there', proofs('MacC')),
  weakened('the client key is not in the context', {
    context: pma1.context.filter((part) => part !== 'clientKey'),
  }),
  weakened('the meter id is nowhere', {
    ...core('meterId', 'certificate'),
    context: pma1.context.filter((part) => part !== 'meterId'),
  }),
  weakened('the server key is not in th', core('serverKey')),
  weakened('th is not in the keys', noTranscript),
  weakened('both phases have one name', { phases: ['phase2', 'phase2'] }),
  weakened('records have no epoch', { recordNonce: ['sequence'] }),
];
