/**
 * What the authority issues about keys in meters, judged by openssl: chains, purposes, name constraints, requests, revocation lists,
 * OCSP over HTTP, and the same once its key is another one (requirements.md D4, D5, D7, G8).
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Authority, openAuthority } from '#authority/authority';
import { authorityFiles } from '#authority/file-routes';
import { authorityRefusals } from '#authority/refusals';
import { authorityRoutes } from '#authority/routes';
import { holderName, issueUserCertificate } from '#authority/x509/issue';
import { pemOf } from '#authority/x509/pem';
import { sqliteDialect } from '#cli/database';
import { type HttpServer, serve } from '#cli/server/http-server';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import {
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
  verifyAuthorityKey,
} from '#protocol/documents/authority-key';
import { dateOf } from '#protocol/documents/date';
import { type KeyUse, keyUsesOf } from '#protocol/documents/user-key';
import { granted, license, makeMeter, type TestMeter } from '#test/support/back-office';
import { type HeldKey, holdKey, revocationOf } from '#test/support/key-holder';

const today = dateOf(Date.now());
const nothing = new Uint8Array(0);
const keys = Array.from({ length: 3 }, () => nodeCrypto.generateKeyPair()) as [
  KeyPair,
  KeyPair,
  KeyPair,
];
const first = issueFirstAuthorityKey(nodeCrypto, keys[0], keys[1].publicKey, today);

let folder: string;
let database: DatabaseSync;
let authority: Authority;
let server: HttpServer;
let meter: TestMeter;
const holders = new Map<string, HeldKey>();

interface Judged {
  readonly isContent: boolean;
  /** All that it said. */
  readonly said: string;
}

/** Runs openssl in the folder, beside the server, which is of this process. */
function openssl(...parameters: readonly string[]): Promise<Judged> {
  const { promise, resolve } = Promise.withResolvers<Judged>();
  execFile('openssl', parameters, { cwd: folder, timeout: 20_000 }, (error, stdout, stderr) =>
    resolve({ isContent: error === null, said: `${stdout}${stderr}` }),
  );
  return promise;
}

function keep(name: string, label: string, der: Uint8Array): void {
  writeFileSync(join(folder, name), pemOf(label, der));
}

const uses = {
  stamp: ['timeStamp'],
  sign: ['sign'],
  client: ['authenticate'],
  both: ['sign', 'authenticate'],
  agree: ['agree'],
  pay: ['pay'],
  agent: ['issue'],
  lost: ['sign'],
} as const satisfies Readonly<Record<string, readonly KeyUse[]>>;
type Name = keyof typeof uses;

const open = (own: KeyPair, chain: readonly Uint8Array[]): Promise<Authority> =>
  openAuthority({
    dialect: sqliteDialect(() => database),
    crypto: nodeCrypto,
    now: Date.now,
    keys: own,
    authorityKeys: chain,
    publicUrl: 'http://authority.example:8620/',
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-certificates-'));
  database = new DatabaseSync(':memory:');
  authority = await open(keys[0], [first]);
  server = await serve({
    name: 'authority',
    routes: authorityRoutes,
    services: authority,
    files: { routes: authorityFiles, services: authority.files },
    refusals: authorityRefusals,
    token: nodeCrypto.randomBytes(32),
    port: 0,
    onFault: (fault) => {
      throw fault;
    },
  });
  meter = await makeMeter(authority);
  await license(authority, meter);
  for (const name of Object.keys(uses) as Name[]) await issue(name);
  const lost = holders.get('lost') as HeldKey;
  granted(await authority.revokeCertificate({ request: revocationOf(meter, lost) }));
  for (const path of ['root.pem', 'crl'])
    writeFileSync(join(folder, path), await fetched(`/${path}`));
  await openssl('crl', '-inform', 'DER', '-in', 'crl', '-out', 'crl.pem');
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function issue(name: Name): Promise<void> {
  const number = holders.size + 1;
  const organization = name === 'stamp' ? '' : 'ACME & Söhne';
  const held = holdKey(meter, {
    number,
    uses: uses[name],
    organization,
    commonName: `Desk ${name}`,
  });
  holders.set(name, held);
  const standing = granted(await authority.requestCertificate(held));
  granted(await authority.approveKeyRequest({ number: standing.number }));
  const { certificate } = granted(
    await authority.keyCertificate({ meterId: meter.meterId, key: number }),
  );
  keep(`${name}.pem`, 'CERTIFICATE', certificate);
  keep(`${name}.csr`, 'CERTIFICATE REQUEST', held.csr);
}

async function fetched(path: string): Promise<Uint8Array> {
  const response = await fetch(new URL(path, server.url));
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

const verify = (name: string, ...options: readonly string[]) =>
  openssl('verify', '-x509_strict', '-CAfile', 'root.pem', ...options, `${name}.pem`);
const withList = ['-crl_check', '-CRLfile', 'crl.pem'] as const;

describe('chains', () => {
  test.each(Object.keys(uses).filter((name) => name !== 'lost'))(
    '%s is accepted, with the list',
    async (name) => {
      const { isContent, said } = await verify(name, ...withList);

      expect(said).toBe(`${name}.pem: OK\n`);
      expect(isContent).toBe(true);
    },
  );

  test('one that was revoked is refused with the list, and by nothing else', async () => {
    expect((await verify('lost')).isContent).toBe(true);
    expect((await verify('lost', ...withList)).said).toContain('certificate revoked');
  });

  const purposes: Readonly<Record<string, readonly string[]>> = {
    timestampsign: ['stamp'],
    smimesign: ['sign', 'both'],
    smimeencrypt: [], // openssl asks for keyEncipherment here, which is of RSA alone; its cms does not ask
    sslclient: ['client', 'both'],
    sslserver: [],
  };
  test.each(Object.entries(purposes))(
    'the purpose %s is that of %j alone',
    async (purpose, names) => {
      const ends = Object.keys(uses).filter((name) => !['agent', 'lost', 'pay'].includes(name));

      const verdicts = await Promise.all(ends.map((name) => verify(name, '-purpose', purpose)));
      const accepted = ends.filter((_, place) => verdicts[place]?.isContent);

      expect(accepted).toEqual(ends.filter((name) => names.includes(name)));
    },
  );

  test('name the places where the world asks about them', async () => {
    const { said } = await openssl('x509', '-in', 'sign.pem', '-noout', '-text');

    expect(said).toMatch(/URI:http:\/\/authority\.example:8620\/crl\/[0-9a-f]{16}\n/);
    expect(said).toContain('OCSP - URI:http://authority.example:8620/ocsp\n');
    expect(said).toMatch(
      /CA Issuers - URI:http:\/\/authority\.example:8620\/roots\/[0-9a-f]{16}\n/,
    );
  });
});

describe('an agent', () => {
  interface Certified {
    readonly pair: KeyPair;
    readonly name: Pick<HeldKey['fields'], 'organization' | 'commonName'>;
  }

  /** A certificate that somebody signs for somebody else: the agent, unless told otherwise. */
  function certified(
    file: string,
    organization: string,
    what: readonly KeyUse[],
    issuer: Certified = agent(),
  ): Certified {
    const utf8 = new TextEncoder();
    const name = { organization: utf8.encode(organization), commonName: utf8.encode('Employee') };
    const pair = nodeCrypto.generateKeyPair();
    const { meterId } = meter;
    const { certificate } = issueUserCertificate(nodeCrypto, issuer.pair, {
      key: { meterId, publicKey: pair.publicKey, uses: keyUsesOf(...what), ...name },
      issuerName: holderName({ meterId, ...issuer.name }),
      validFrom: today,
      validTo: today,
      places: undefined,
    });
    keep(`${file}.pem`, 'CERTIFICATE', certificate);
    return { pair, name };
  }

  function agent(): Certified {
    const { pair, fields } = holders.get('agent') as HeldKey;
    return { pair, name: fields };
  }

  test('certifies for its own organization', async () => {
    certified('employee', 'ACME & Söhne', ['sign']);

    expect((await verify('employee', '-untrusted', 'agent.pem')).said).toBe('employee.pem: OK\n');
  });

  test('certifies for no other organization', async () => {
    certified('stranger', 'Somebody Else', ['sign']);

    expect((await verify('stranger', '-untrusted', 'agent.pem')).said).toContain(
      'permitted subtree violation',
    );
  });

  test('makes nobody an agent', async () => {
    const second = certified('second', 'ACME & Söhne', ['issue']);
    certified('third', 'ACME & Söhne', ['sign'], second);

    const { said } = await verify('third', '-untrusted', 'agent.pem', '-untrusted', 'second.pem');

    expect(said).toContain('path length constraint exceeded');
  });
});

test('requests are signed by their keys and name the meter', async () => {
  const { said, isContent } = await openssl(
    'req',
    '-in',
    'agent.csr',
    '-verify',
    '-noout',
    '-subject',
    '-nameopt',
    'RFC2253,-esc_msb,utf8',
  );

  expect(isContent).toBe(true);
  expect(said).toContain('self-signature verify OK');
  expect(said).toContain('serialNumber=TS01-0000000001,CN=Desk agent,O=ACME & Söhne');
});

describe('the revocation list', () => {
  test('is of version 2, numbered, by the root, and ends', async () => {
    const { said } = await openssl(
      'crl',
      '-in',
      'crl.pem',
      '-noout',
      '-text',
      '-CAfile',
      'root.pem',
    );

    for (const part of ['Version 2 (0x1)', 'X509v3 CRL Number', 'Next Update: ', 'Key Compromise'])
      expect(said).toContain(part);
    expect(
      (await openssl('crl', '-in', 'crl.pem', '-noout', '-CAfile', 'root.pem')).said,
    ).toContain('verify OK');
  });
});

describe('OCSP over HTTP', () => {
  const ask = (...parameters: readonly string[]) =>
    openssl('ocsp', '-issuer', 'root.pem', '-CAfile', 'root.pem', ...parameters);

  test.each(['-sha1', '-sha256'])(
    'by %s: good, revoked with its reason, and unknown',
    async (hash) => {
      const { said } = await ask(
        '-url',
        `${server.url}/ocsp`,
        hash,
        '-cert',
        'sign.pem',
        hash,
        '-cert',
        'lost.pem',
        hash,
        '-serial',
        '0x1234',
      );

      expect(said).toContain('Response verify OK');
      expect(said).not.toContain('no nonce');
      expect(said).toContain('sign.pem: good');
      expect(said).toMatch(/lost\.pem: revoked\n[\s\S]*Reason: keyCompromise/);
      expect(said).toContain('0x1234: unknown');
    },
  );

  test('by GET is the same', async () => {
    await ask('-no_nonce', '-cert', 'lost.pem', '-reqout', 'question.der');
    const question = readFileSync(join(folder, 'question.der')).toString('base64');
    const answer = await fetched(`/ocsp/${encodeURIComponent(question)}`);
    writeFileSync(join(folder, 'answer.der'), answer);

    const { said } = await ask('-respin', 'answer.der', '-cert', 'lost.pem', '-no_nonce');

    expect(said).toContain('Response verify OK');
    expect(said).toContain('lost.pem: revoked');
  });

  test('takes no other type of body', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(new URL('/ocsp', server.url), {
      method: 'POST',
      headers,
      body: '{}',
    });

    expect(response.status).toBe(415);
  });
});

describe('once the key of the authority is another one', () => {
  test('it tells of what the one before issued, as that one has said', async () => {
    const before = verifyAuthorityKey(nodeCrypto, first);
    if (!before.ok) throw new Error(before.status);
    await authority.appointSuccessor(keys[1].publicKey);
    const pairs = { previous: keys[0], own: keys[1] };
    const second = issueNextAuthorityKey(nodeCrypto, before.value, pairs, keys[2].publicKey, today);
    const later = await open(keys[1], [first, second]);
    onTestFinished(() => rmSync(join(folder, 'later.pem'), { force: true }));
    const name = Buffer.from(nodeCrypto.sha256(keys[0].publicKey).subarray(0, 8)).toString('hex');
    await openssl(
      'ocsp',
      '-issuer',
      'root.pem',
      '-no_nonce',
      '-cert',
      'sign.pem',
      '-cert',
      'lost.pem',
      '-reqout',
      'later.req',
    );
    const question = readFileSync(join(folder, 'later.req'));
    writeFileSync(join(folder, 'later.der'), granted(await later.files.askOcsp({}, question)));
    keep('later.pem', 'X509 CRL', granted(await later.files.crlOf({ name }, nothing)));

    const answered = await openssl(
      'ocsp',
      '-respin',
      'later.der',
      '-issuer',
      'root.pem',
      '-CAfile',
      'root.pem',
      '-cert',
      'sign.pem',
      '-cert',
      'lost.pem',
      '-no_nonce',
    );

    expect(answered.said).toContain('Response verify OK');
    expect(answered.said).toContain('sign.pem: good');
    expect(answered.said).toContain('lost.pem: revoked');
  });
});
