/** Setting a desk up: what is found is kept where every later command looks (requirements.md F4, F7). */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHome } from '#cli/home';
import { startEmulator } from '#emulator/emulator';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';
import { cli, cliDone } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

let folder: string;
const before = process.env['TESSERA_CONFIG'];

beforeEach(() => {
  folder = temporaryFolder();
  process.env['TESSERA_CONFIG'] = join(folder, 'config');
});
afterEach(() => {
  if (before === undefined) delete process.env['TESSERA_CONFIG'];
  else process.env['TESSERA_CONFIG'] = before;
});

test('meter and printer are found, kept for every later command, and the next step is named', async () => {
  await using emulator = await startEmulator({ tcpPort: 0 });
  await using printer = await startVirtualPrinter();
  const home = join(folder, 'home');
  const port = emulator.addresses.tcp as string;
  const options = ['--port', port, '--printer', printer.address, '--profile', 'epson-80mm'];

  const done = await cliDone('--home', home, 'setup', ...options);
  const other = openHome(join(folder, 'other')).settings;
  const without = openHome(undefined);

  expect(done.figures('meter')).toMatchObject({ port, lifeCycle: 'blank' });
  expect(done.figures('printer')).toMatchObject({ readiness: 'ready', problems: [] });
  expect(done.figures('next')['next']).toContain('tessera meter make');
  expect(other).toEqual({ printer: printer.address, profile: 'epson-80mm' });
  expect(without.path).toBe(process.env['TESSERA_HOME'] ?? home);
  expect(openHome(home).settings.port).toBe(port);
});

test('where nothing answers, it says what to do, and ends with 1', async () => {
  const ended = await cli('--home', join(folder, 'home'), 'setup', '--port', 'tcp:127.0.0.1:1');

  expect(ended.exitCode).toBe(1);
  expect(ended.figures('next')['next']).toContain('no meter answers');
});

test('the rules of udev are installed on request, or it says how', async () => {
  const options = ['--port', 'tcp:127.0.0.1:1', '--udev', '--udev-folder'];

  const done = await cli('--home', join(folder, 'home'), 'setup', ...options, folder);
  const missing = await cli('--home', folder, 'setup', ...options, join(folder, 'none', 'such'));

  if (process.platform !== 'linux') return expect(done.figures('rules')['isNeeded']).toBe(false);
  const rules = 'hw/udev/70-tessera.rules';
  expect(readFileSync(join(folder, '70-tessera.rules'), 'utf8')).toBe(
    readFileSync(join(repositoryRoot, rules), 'utf8'),
  );
  expect(missing.error?.['error']).toBe('rulesNotInstalled');
});

test('damaged defaults are told, and not taken for none', async () => {
  await cli('--home', join(folder, 'home'), 'setup', '--port', 'tcp:127.0.0.1:1');
  writeFileSync(join(folder, 'config', 'defaults.json'), '{"printer": 1}');

  const ended = await cli('--home', join(folder, 'home'), 'devices');

  expect(ended.error).toMatchObject({ error: 'settingsDamaged' });
});

test.skipIf(process.platform === 'win32')(
  'bash offers the commands and options that there are',
  async () => {
    const { figures } = await cliDone('completion', 'bash');
    const script = figures('script')['script'] as string;
    const offered = (...words: readonly string[]): string => {
      const line = `COMP_WORDS=(tessera ${words.map((word) => `'${word}'`).join(' ')})`;
      const ask = `COMP_CWORD=${words.length}; _tessera; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', `${script}\n${line}; ${ask}`], {
        encoding: 'utf8',
      }).trim();
    };

    expect(offered('met')).toBe('meter');
    expect(offered('meter', 'ref')).toBe('refill');
    expect(offered('print', '--postage', '1', '--ret')).toBe('--return-address');
    expect(offered('list', 'import', 'x', '--skip-w')).toBe('--skip-wrong');
  },
);

test('the manual page has every command, and no line that would be a request by chance', async () => {
  const { figures } = await cliDone('man');
  const page = figures('page')['page'] as string;
  const fish = (await cliDone('completion', 'fish')).figures('script')['script'] as string;

  expect(page.match(/^\.SS /gm)?.length).toBeGreaterThan(80);
  expect(page).toContain('.SS "tessera meter refill"');
  for (const line of page.split('\n'))
    expect(line).toMatch(/^(?:\.(?:TH|SH|SS|TP|B|PP)(?: |$)|[^.'])/);
  expect(fish).toContain("-a refill -d 'buy value");
});
