/** `tessera conformance`: what it says and writes, what it asks for first, and how it ends. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { junitXml } from '#cli/conformance/junit';
import type { CheckResult } from '#cli/conformance/run';
import { createKeyFile } from '#driver/key-file';
import { startEmulator } from '#emulator/emulator';
import { listenTcp } from '#emulator/ports/tcp';
import { changedFirmware } from '#test/support/changed-firmware';
import { cli } from '#test/support/cli';
import { authorityKeys, hostKeys, meterAt, meterId, passwords } from '#test/support/meter';
import { temporaryFolder } from '#test/support/temporary-folder';
import { breaks } from './breaks.ts';

const outcomes = (said: readonly { readonly [name: string]: unknown }[]): unknown[] =>
  said.filter(({ event }) => event === 'check').map(({ outcome }) => outcome);

test('a blank device passes what it can, each check told on its own, in JUnit as well', async () => {
  await using emulator = await startEmulator({ tcpPort: 0 });
  const junit = join(temporaryFolder(), 'junit.xml');

  const ended = await cli('conformance', emulator.addresses.tcp ?? '', '--junit', junit);

  const { passed, skipped, failed } = ended.figures('conformance');
  expect({ exitCode: ended.exitCode, failed, skipped }).toEqual({
    exitCode: 0,
    failed: 0,
    skipped: 2,
  });
  expect(outcomes(ended.said)).toHaveLength(Number(passed) + Number(skipped));
  const xml = readFileSync(junit, 'utf8');
  expect(xml.match(/<testcase /g)).toHaveLength(outcomes(ended.said).length);
  expect(xml.match(/<skipped message="the meter is blank"\/>/g)).toHaveLength(2);
});

test('--strict takes no check that could not run', async () => {
  await using emulator = await startEmulator({ tcpPort: 0 });

  const { exitCode } = await cli('conformance', emulator.addresses.tcp ?? '', '--strict');

  expect(exitCode).toBe(1);
});

test('a meter that breaks a rule is told, and the exit code is 1', async () => {
  const image = await changedFirmware(breaks[123] ?? []);
  await using emulator = await startEmulator({ tcpPort: 0, ...image });

  const ended = await cli('conformance', emulator.addresses.tcp ?? '');

  expect(ended.exitCode).toBe(1);
  expect(ended.said.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
    { id: 123, reason: 'code 32 is answered by wrongState, not unknownCommand' },
  ]);
});

test('a meter in use is checked with its key file, after somebody agreed to the price', async () => {
  await using meter = await meterAt('refilled');
  await using port = await listenTcp(meter.board);
  const home = temporaryFolder();
  const fields = { role: 'user', meterId, authorityKey: authorityKeys.publicKey } as const;
  const keyFile = { ...hostKeys.user, ...fields };
  await createKeyFile(join(home, 'user.key'), keyFile, passwords.user(), { logCost: 14 });
  process.env['TESSERA_USER_PASSWORD'] = Buffer.from(passwords.user()).toString();
  using _time = passing(meter.clock);
  const use = ['--home', home, 'conformance', port.address, '--level', 'use'];

  const refused = await cli(...use);
  const ended = await cli(...use, '--yes');

  expect(refused).toMatchObject({ exitCode: 2, error: { error: 'usage' } });
  expect(outcomes(refused.said)).toEqual([]);
  expect(ended.figures('cost')).toMatchObject({ postageMills: 200 });
  expect(ended.said.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(ended.figures('conformance')).toMatchObject({ failed: 0, skipped: 2, isConform: true });
});

/** The clock of a test's meter stands still by itself: what is waited for here must pass there. */
function passing(clock: { advance(timeMs: number): void }): Disposable {
  const timer = setInterval(() => clock.advance(100), 10);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

test.each([
  ['--level life wants a blank device', 'life', 1, 'notBlank'],
  ['--level use wants a key file', 'use', 2, 'usage'],
])('%s', async (_, level, exitCode, error) => {
  await using meter = await meterAt('made');
  await using port = await listenTcp(meter.board);

  const ended = await cli(
    ...['--home', temporaryFolder(), 'conformance', port.address],
    ...['--level', level, '--yes'],
  );

  expect(ended).toMatchObject({ exitCode, error: { error } });
});

test('what nobody answers is not asked again and again', async () => {
  await using port = await listenTcp({
    onSend: () => () => false,
    receive: () => undefined,
  } as never);

  const ended = await cli('conformance', port.address, '--timeout', '20');

  expect(ended.exitCode).toBe(1);
  expect(outcomes(ended.said).slice(0, 2)).toEqual(['failed', 'skipped']);
  expect(ended.said[1]).toMatchObject({ reason: 'nobody answers any more' });
});

test('JUnit gets no character that XML has not, whatever a meter said', () => {
  const said: CheckResult = {
    ...{ id: 1, title: 'a < b & "c"', requirements: ['F1'], level: 'read' },
    ...{ outcome: 'failed', reason: 'bad \u0000\u001b <byte>', durationMs: 1234 },
  };

  expect(junitXml('tcp:here', [said])).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites tests="1" failures="1" errors="0" skipped="0" time="1.234">
      <testsuite name="tcp:here" tests="1" failures="1" errors="0" skipped="0" time="1.234">
        <testcase classname="conformance.read" name="1 a &lt; b &amp; &quot;c&quot;" time="1.234">
          <properties><property name="requirements" value="F1"/></properties>
          <failure message="bad ?? &lt;byte&gt;"/>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `);
});
