/** Chains by the profile, judged by us and by `openssl verify`: both must say the same (requirements.md D7; RFC 5280 6). */

import { readCertificate } from '#driver/evidence/x509/certificate';
import { validatePath } from '#driver/evidence/x509/path';
import { readRevocationList } from '#driver/evidence/x509/revocation-list';
import { oids } from '#protocol/der';
import type { OpenSsl } from '#test/support/openssl';
import { strangeExtension } from '#test/support/user-keys';
import {
  below,
  type Certified,
  type RevokedEntry,
  revocationListOf,
  rootOf,
  type Wanted,
} from '#test/support/x509-authority';
import { type Check, demand } from '../check.ts';

interface Chain {
  readonly name: string;
  readonly root: Certified;
  readonly agents?: readonly Certified[];
  readonly holder: Certified;
  /** Of each issuer in turn, the root first; undefined: revocation is not asked for. */
  readonly lists?: readonly Uint8Array[];
  /** Name of OpenSSL and object identifier. */
  readonly purpose?: readonly [string, string];
  readonly isValid: boolean;
}

const AT_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const smime = ['smimesign', '1.3.6.1.5.5.7.3.4'] as const;
const client = ['sslclient', '1.3.6.1.5.5.7.3.2'] as const;

const root = rootOf();
const signing: Wanted = {
  commonName: 'A Signer',
  organization: 'Office A',
  usage: 'signAndBind',
  purpose: oids.emailProtection,
};
const agency: Wanted = {
  commonName: 'An Agent',
  organization: 'Office A',
  usage: 'authority',
  pathLength: 0,
  permitted: 'Office A',
};
const signer = below(root, signing);
const agent = below(root, agency);
const underAgent = below(agent, signing);
const subAgent = below(agent, { ...agency, commonName: 'A Sub-agent' });
const plainHolder = below(root, { ...signing, usage: 'agree' });
const longRoot = rootOf(undefined, { pathLength: 2 });
const longAgent = below(longRoot, { ...agency, pathLength: 1 });
const longSubAgent = below(longAgent, { ...agency, commonName: 'A Sub-agent' });
const impostor = { ...rootOf(), name: root.name };

const listOf = (issuer: Certified, ...entries: readonly RevokedEntry[]): Uint8Array =>
  revocationListOf(issuer, entries);
const revoked = ({ certificate }: Certified): RevokedEntry => ({
  certificate,
  timeMs: AT_MS - DAY_MS,
  reason: 1,
});

/** A chain under the root, valid where nothing else is said. */
const chain = (name: string, holder: Certified, more: Partial<Chain> = {}): Chain => ({
  name,
  root,
  holder,
  isValid: true,
  ...more,
});

const refused = (name: string, holder: Certified, more: Partial<Chain> = {}): Chain =>
  chain(name, holder, { ...more, isValid: false });

const chains: readonly Chain[] = [
  chain('of a root and its holder', signer),
  chain('of a root, an agent and its holder', underAgent, { agents: [agent] }),
  refused('without its agent', underAgent),
  refused('of a root of the same name and another key', below(impostor, signing)),
  refused('below a holder who is no authority', below(signer, signing), { agents: [signer] }),
  refused('below a second agent, which the first one may not have', below(subAgent, signing), {
    agents: [agent, subAgent],
  }),
  refused('longer than its root lets it be', underAgent, {
    root: rootOf(root.keys, { pathLength: 0 }),
    agents: [agent],
  }),
  chain('as long as its root and its first agent let it be', below(longSubAgent, signing), {
    root: longRoot,
    agents: [longAgent, longSubAgent],
  }),
  refused(
    'of a holder outside of the names of the agent',
    below(agent, { ...signing, organization: 'Office B' }),
    {
      agents: [agent],
    },
  ),
  refused(
    'of a holder without organization below an agent',
    below(agent, { ...signing, organization: '' }),
    {
      agents: [agent],
    },
  ),
  refused(
    'of a holder of which the organization only begins as it must',
    below(agent, { ...signing, organization: 'Office A2' }),
    {
      agents: [agent],
    },
  ),
  refused('expired', below(root, { ...signing, toMs: AT_MS - DAY_MS })),
  refused('not yet valid', below(root, { ...signing, fromMs: AT_MS + DAY_MS })),
  refused('of an agent who expired', below({ ...agent, certificate: agent.certificate }, signing), {
    agents: [
      { ...agent, certificate: below(root, { ...agency, toMs: AT_MS - DAY_MS }).certificate },
    ],
  }),
  refused(
    'with a critical extension that nobody knows',
    below(root, { ...signing, more: [strangeExtension] }),
  ),
  chain('for the purpose that it has', signer, { purpose: smime }),
  refused('for another purpose', signer, { purpose: client }),
  chain('for a purpose, below an agent without purposes', underAgent, {
    agents: [agent],
    purpose: smime,
  }),
  chain('that is on no list', signer, { lists: [listOf(root)] }),
  chain('of which another one is revoked', signer, { lists: [listOf(root, revoked(plainHolder))] }),
  refused('revoked', signer, { lists: [listOf(root, revoked(signer))] }),
  refused('of an agent who is revoked', underAgent, {
    agents: [agent],
    lists: [listOf(root, revoked(agent)), listOf(agent)],
  }),
  refused('revoked by its agent', underAgent, {
    agents: [agent],
    lists: [listOf(root), listOf(agent, revoked(underAgent))],
  }),
  chain('with lists of root and agent', underAgent, {
    agents: [agent],
    lists: [listOf(root), listOf(agent)],
  }),
  refused('without the list of its agent', underAgent, { agents: [agent], lists: [listOf(root)] }),
  refused('with a list by another key', signer, { lists: [listOf(impostor)] }),
  refused('with a list that is too old', signer, {
    lists: [revocationListOf(root, [], { fromMs: AT_MS - 2 * DAY_MS, toMs: AT_MS - DAY_MS })],
  }),
  refused('with a list that is not of this time yet', signer, {
    lists: [revocationListOf(root, [], { fromMs: AT_MS + DAY_MS, toMs: AT_MS + 2 * DAY_MS })],
  }),
];

function ourVerdict({ root: { certificate }, agents = [], holder, lists, purpose }: Chain): string {
  const read = (der: Uint8Array) => {
    const found = readCertificate(der);
    demand(found !== undefined, 'a certificate could not be read');
    return found;
  };
  const answer = validatePath({
    certificate: read(holder.certificate),
    others: agents.map((agent) => read(agent.certificate)),
    roots: [read(certificate)],
    lists: lists?.flatMap((der) => readRevocationList(der) ?? []),
    timeMs: AT_MS,
    purpose: purpose?.[1],
  });
  return answer.ok ? 'valid' : answer.problem;
}

function theirVerdict(openssl: OpenSsl, chain: Chain): string {
  const { root: anchor, agents = [], holder, lists, purpose } = chain;
  openssl.writePem('root.pem', 'CERTIFICATE', anchor.certificate);
  openssl.writePem('agents.pem', 'CERTIFICATE', ...agents.map(({ certificate }) => certificate));
  openssl.writePem('holder.pem', 'CERTIFICATE', holder.certificate);
  openssl.writePem('lists.pem', 'X509 CRL', ...(lists ?? []));
  const { status, text } = openssl.ask(
    ...['verify', '-x509_strict', '-attime', String(AT_MS / 1000), '-CAfile', 'root.pem'],
    ...(agents.length === 0 ? [] : ['-untrusted', 'agents.pem']),
    ...(lists === undefined ? [] : ['-crl_check_all', '-CRLfile', 'lists.pem']),
    ...(purpose === undefined ? [] : ['-purpose', purpose[0]]),
    'holder.pem',
  );
  return status === 0 ? 'valid' : text;
}

export const pathChecks: readonly Check[] = chains.map((chain) => ({
  name: `verify and we ${chain.isValid ? 'take' : 'refuse'} a chain ${chain.name}`,
  holds(openssl) {
    const [ours, theirs] = [ourVerdict(chain), theirVerdict(openssl, chain)];
    const told = `we: ${ours}\nOpenSSL: ${theirs}`;
    demand((ours === 'valid') === chain.isValid, told);
    demand((theirs === 'valid') === chain.isValid, told);
  },
}));
