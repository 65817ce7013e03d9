/** `tessera postmark`: postmarks as files and over HTTP, charged once each (requirements.md D1, D2; P figs. 3 and 4). */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '#driver/evidence/digest';
import { tokenIn } from '#driver/evidence/postmark/exchange';
import { readTimeStampToken } from '#driver/evidence/postmark/time-stamp';
import { ascii } from '#protocol/bytes';
import { element, isTrue, octetString, oids, sequence, tags, unsignedInteger } from '#protocol/der';
import {
  cli,
  cliDone,
  cliRunning,
  type MeterAtHand,
  openWorld,
  type World,
} from '#test/support/cli';
import { pemOf } from '#test/support/openssl';
import { installStampKey, SERVICE_PRICE, type StampingHome } from '#test/support/stamping-home';
import { temporaryFolder } from '#test/support/temporary-folder';
import { revocationListOf, rootOf } from '#test/support/x509-authority';

/** For the installation and eleven services. */
const FUNDS = '4.200';

let world: World;
let meter: MeterAtHand;
let stamping: StampingHome;
let file: string;
beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  stamping = await installStampKey(world, meter, FUNDS);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});
beforeEach(() => {
  file = join(temporaryFolder(), 'letter.txt');
  writeFileSync(file, 'A message that wants a postmark.\n');
});

const postmark = (...argv: readonly string[]) => cli('postmark', ...argv);
const stamp = (...options: readonly string[]) =>
  cliDone('postmark', 'stamp', file, ...meter.asUser, ...options);
const verify = (...options: readonly string[]) =>
  postmark('verify', file, '--home', meter.home, ...options);

async function certificateFunds(): Promise<number> {
  const { figures } = await cliDone('--home', meter.home, 'meter', 'status');
  return figures('status')['certificateDescendingMills'] as number;
}

describe('a postmark of a file', () => {
  test('is charged, left beside it, and valid to this computer without a meter', async () => {
    const before = await certificateFunds();

    const { figures } = await stamp();

    const { time, serial, digest, hashedBy } = figures('stamped');
    expect(await certificateFunds()).toBe(before - SERVICE_PRICE);
    expect(Math.abs(Date.parse(time as string) - Date.now())).toBeLessThan(600_000);
    expect(hashedBy).toBe('host');
    expect(digest).toBe(Buffer.from(sha256(readFileSync(file))).toString('hex'));
    const verified = await verify();
    expect(verified.exitCode).toBe(0);
    expect(verified.figures('verified')).toMatchObject({ isValid: true, serial });
    const shown = await postmark('show', `${file}.tsr`);
    expect(shown.figures('postmark')).toMatchObject({ serial, certificates: 1 });
  });

  test('says so where the meter hashed the content itself', async () => {
    const { figures } = await stamp('--streamed');

    expect(figures('stamped')['hashedBy']).toBe('meter');
    expect((await verify()).exitCode).toBe(0);
  });

  test('is not valid for another content, under another root, or once it is revoked', async () => {
    await stamp();
    const folder = temporaryFolder();
    const other = join(folder, 'other.pem');
    writeFileSync(other, pemOf('CERTIFICATE', rootOf().certificate));
    const list = (name: string, ...revoked: readonly Uint8Array[]): string => {
      const term = { fromMs: Date.now() - 60_000, toMs: Date.now() + 3_600_000 };
      const entries = revoked.map((certificate) => ({
        certificate,
        timeMs: Date.now(),
        reason: 1,
      }));
      const path = join(folder, name);
      writeFileSync(path, revocationListOf(stamping.root, entries, term));
      return path;
    };

    expect((await verify('--crl', list('none.crl'))).exitCode).toBe(0);
    const revoked = await verify('--crl', list('one.crl', stamping.certificate));
    const untrusted = await verify('--root', other);
    writeFileSync(file, 'Another message.\n');
    const different = await verify();

    expect([revoked, untrusted, different].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
    expect(revoked.figures('verified')['verdict']).toBe('revoked');
    expect(untrusted.figures('verified')['verdict']).toBe('signature');
    expect(different.figures('verified')['verdict']).toBe('digestDifferent');
  });

  test('is judged by the meter for its charge', async () => {
    await stamp();
    const before = await certificateFunds();

    const valid = await verify('--in-meter', '--password-file', world.passwordFiles.user);
    writeFileSync(file, 'Another message.\n');
    const different = await verify('--in-meter', '--password-file', world.passwordFiles.user);

    expect(valid.figures('verified')).toMatchObject({ verdict: 'valid', byMeter: true });
    expect(different.figures('verified')).toMatchObject({ verdict: 'digestDifferent' });
    expect(different.exitCode).toBe(1);
    expect(await certificateFunds()).toBe(before - 2 * SERVICE_PRICE);
  });

  test('is printed, and valid as a scan of the label', async () => {
    await stamp();
    const out = temporaryFolder();

    const { figures } = await cliDone(
      ...['postmark', 'print', `${file}.tsr`, '--home', meter.home, '--out', out],
    );

    expect((figures('printed')['postmark'] as Uint8Array).length).toBeLessThanOrEqual(202);
    const scanned = await verify('--postmark', join(out, 'label.png'));
    expect(scanned.figures('verified')).toMatchObject({ verdict: 'valid' });
    const elsewhere = await postmark('show', join(out, 'label.png'), '--home', out);
    expect(elsewhere.error).toMatchObject({ error: 'certificateMissing' });
  });

  test('is not asked for where the file, the certificate or the token is missing', async () => {
    const before = await certificateFunds();
    const none = ['--home', temporaryFolder(), '--port', meter.port];

    const noFile = await postmark('stamp', `${file}.none`, ...meter.asUser);
    const noKey = await postmark('stamp', file, ...meter.asUser, '--key', '7');
    const noToken = await verify('--postmark', file);
    const noRoot = await postmark(
      'verify',
      file,
      '--postmark',
      await tokenFile(),
      ...none.slice(0, 2),
    );

    expect(noFile.error).toMatchObject({ error: 'fileMissing' });
    expect(noKey.error).toMatchObject({ error: 'certificateMissing' });
    expect(noToken.error).toMatchObject({ error: 'postmarkMalformed' });
    expect(noRoot.error).toMatchObject({ error: 'rootMissing' });
    expect(await certificateFunds()).toBe(before - SERVICE_PRICE);
  });
});

async function tokenFile(): Promise<string> {
  await stamp();
  return `${file}.tsr`;
}

/** TimeStampReq. */
function queryFor(digest: Uint8Array, nonce?: Uint8Array, hash = oids.sha256): Uint8Array {
  return sequence(
    element(tags.integer, Uint8Array.of(1)),
    sequence(sequence(hash), octetString(digest)),
    ...(nonce === undefined ? [] : [unsignedInteger(nonce)]),
    isTrue,
  );
}

describe('the service', () => {
  test('answers queries until the funds are used up, and says no in the same form', async () => {
    await using service = await cliRunning('postmark', 'serve', '--listen', '0', ...meter.asUser);
    const url = service.ready['url'] as string;
    const ask = (body: Uint8Array, type = 'application/timestamp-query') =>
      fetch(url, {
        method: 'POST',
        body: Uint8Array.from(body),
        headers: { 'content-type': type },
      });
    const digest = sha256(ascii('one'));
    const nonce = Uint8Array.of(0x81, 2, 3);
    const bodyOf = async (given: Response) => new Uint8Array(await given.arrayBuffer());
    const textOf = async (given: Response) => Buffer.from(await bodyOf(given)).toString('latin1');

    const answer = await ask(queryFor(digest, nonce));
    expect(answer.headers.get('content-type')).toBe('application/timestamp-reply');
    const timeStamp = readTimeStampToken(tokenIn(await bodyOf(answer)) ?? digest);
    expect(Buffer.from(timeStamp?.digest ?? []).equals(digest)).toBe(true);
    expect(Buffer.from(timeStamp?.nonce ?? []).toString('hex')).toBe('00810203');

    const otherHash = await ask(queryFor(digest, nonce, oids.emailProtection));
    expect(await textOf(otherHash)).toContain('only SHA-256 is taken');
    expect(await textOf(await ask(ascii('hello')))).toContain('this is no TimeStampReq');
    expect((await fetch(url)).status).toBe(405);
    expect((await ask(queryFor(digest), 'text/plain')).status).toBe(415);
    expect((await ask(new Uint8Array(5_000))).status).toBe(413);

    const answers: string[] = [];
    while (answers.at(-1)?.includes('insufficientFunds') !== true && answers.length < 12)
      answers.push(await textOf(await ask(queryFor(digest, Uint8Array.of(answers.length + 1)))));
    expect(answers.at(-1)).toContain('the meter refuses: insufficientFunds');
    expect(await certificateFunds()).toBeLessThan(SERVICE_PRICE);
    expect((await service.end('SIGTERM')).exitCode).toBe(0);
    expect(readdirSync(meter.home).filter((name) => name.startsWith('service-'))).toEqual([]);
  });
});
