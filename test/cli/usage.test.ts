/** How the command line is called: help everywhere, and a clear no with exit code 2 where it is called wrongly. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, cliDone } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

/** What `--help` behind some words tells. */
async function helpOf(...words: readonly string[]): Promise<string> {
  const { said } = await cliDone(...words, '--help');
  return said.map(({ text }) => text).join('');
}

/** The names under `Commands:`, each with what it is said to be for. */
function commandsIn(help: string): [name: string, summary: string][] {
  const list = help.split('Commands:\n')[1] ?? '';
  return [...list.matchAll(/^ {2}([\w-]+)(?: \S+)* {2,}(\S.*)$/gm)]
    .map(([, name = '', summary = '']): [string, string] => [name, summary])
    .filter(([name]) => name !== 'help');
}

/** Lines of the description that end although the next word would fit: where the source was broken, and not the help. */
function brokenEarly(help: string): string[] {
  const [, description = ''] = help.split(/^Usage: .*\n\n/m);
  const lines = description.split(/^(?:Arguments|Options):$/m)[0]?.split('\n') ?? [];
  return lines.filter((line, place) => {
    const next = lines[place + 1] ?? '';
    if (line === '' || next === '' || /^\w+ {2}/.test(next)) return false;
    return `${line} ${next.split(' ')[0]}`.length < 80;
  });
}

test('--help behind every command tells its use and each of its options', async () => {
  const seen: string[] = [];
  const waiting: string[][] = [[]];

  for (const words of waiting) {
    const help = await helpOf(...words);
    const name = ['tessera', ...words].join(' ');
    expect(help).toContain(`Usage: ${name} [options]`);
    for (const [, option, meaning] of help.matchAll(/^ {2}(-.*?)(?: {2,}(.*))?$/gm))
      expect(meaning, `${name} ${option}`).toMatch(/\w+/);
    expect(brokenEarly(help), name).toEqual([]);
    const commands = commandsIn(help);
    for (const [command] of commands) waiting.push([...words, command]);
    if (commands.length === 0) seen.push(name);
  }

  expect(seen).toEqual([
    'tessera setup',
    'tessera devices',
    'tessera emulate',
    'tessera conformance',
    'tessera control',
    'tessera printer',
    'tessera price',
    'tessera print',
    'tessera printed',
    'tessera sign',
    'tessera verify-signature',
    'tessera encrypt',
    'tessera decrypt',
    'tessera verify',
    'tessera completion',
    'tessera man',
    'tessera trace show',
    'tessera trace replay',
    'tessera trace bisect',
    'tessera trace export',
    'tessera authority init',
    'tessera authority serve',
    'tessera authority findings',
    'tessera authority key',
    'tessera authority announce',
    'tessera authority rollover',
    'tessera authority lock',
    'tessera authority unlock',
    'tessera authority revoke',
    'tessera authority orders',
    'tessera authority overdue',
    'tessera authority reconcile',
    'tessera provider init',
    'tessera provider serve',
    'tessera provider pool',
    'tessera provider buy',
    'tessera provider customer',
    'tessera provider pay',
    'tessera provider account',
    'tessera provider claims',
    'tessera provider withdrawals',
    'tessera provider reconcile',
    'tessera meter make',
    'tessera meter register',
    'tessera meter status',
    'tessera meter registers',
    'tessera meter condition',
    'tessera meter sync',
    'tessera meter inspect',
    'tessera meter clock',
    'tessera meter locks',
    'tessera meter authority-key',
    'tessera meter refill',
    'tessera meter log',
    'tessera meter history',
    'tessera meter password',
    'tessera meter host-key',
    'tessera meter renew-keys',
    'tessera meter update',
    'tessera meter withdraw',
    'tessera meter zeroize',
    'tessera list import',
    'tessera list all',
    'tessera list show',
    'tessera list duplicates',
    'tessera list export',
    'tessera list add',
    'tessera list edit',
    'tessera list remove',
    'tessera list cleanse',
    'tessera list override',
    'tessera batch run',
    'tessera batch resume',
    'tessera batch status',
    'tessera batch manifest',
    'tessera batch report',
    'tessera batch pause',
    'tessera batch reprint',
    'tessera batch accept',
    'tessera batch spoil',
    'tessera postmark stamp',
    'tessera postmark verify',
    'tessera postmark show',
    'tessera postmark print',
    'tessera postmark serve',
    'tessera account add',
    'tessera account change',
    'tessera account remove',
    'tessera account list',
    'tessera account use',
    'tessera user add',
    'tessera user change',
    'tessera user unlock',
    'tessera user list',
    'tessera preset save',
    'tessera preset list',
    'tessera preset remove',
    'tessera report funds',
    'tessera report refills',
    'tessera report usage',
    'tessera report transactions',
    'tessera report accounts',
    'tessera report spoilage',
    'tessera report errors',
    'tessera agent issue',
    'tessera authenticate answer',
    'tessera authenticate verify',
    'tessera spoilage submit',
    'tessera spoilage status',
    'tessera spoilage list',
    'tessera certificate request',
    'tessera certificate state',
    'tessera certificate install',
    'tessera certificate list',
    'tessera certificate revoke',
    'tessera certificate root',
    'tessera certificate crl',
    'tessera credit request',
    'tessera credit install',
    'tessera credit show',
    'tessera credit pay',
    'tessera credit verify',
    'tessera credit settle',
    'tessera credit certify',
    'tessera credit terms',
    'tessera credit requests',
    'tessera credit decide',
    'tessera credit lines',
    'tessera ticket issue',
    'tessera ticket check',
    'tessera ticket gate',
    'tessera ticket doubles',
    'tessera token keys',
    'tessera token create',
    'tessera authority rates publish',
    'tessera authority rates export',
    'tessera authority certificates list',
    'tessera authority certificates show',
    'tessera authority certificates approve',
    'tessera authority certificates refuse',
    'tessera authority certificates revoke',
    'tessera authority certificates revoked',
    'tessera authority certificates due',
  ]);
});

describe('a wrong call', () => {
  const port = ['--port', 'tcp:127.0.0.1:9'];
  const token = ['--authority-token', '/nowhere'];

  test.each<[string, readonly string[], RegExp]>([
    ['no command', [], /^A command is missing/],
    ['no subcommand', ['meter'], /^A command is missing/],
    ['an unknown command', ['meters'], /unknown command 'meters'/],
    ['an unknown subcommand', ['meter', 'open'], /unknown command 'open'/],
    ['an unknown option', ['meter', 'status', '--prot', 'x'], /unknown option '--prot'/],
    ['an option without its value', ['meter', 'status', '--port'], /argument missing/],
    ['a word too many', ['meter', 'status', 'now'], /too many arguments/],
    ['an option that must be there', ['authority', 'serve'], /'--dir <directory>' not specified/],
    ['no evidence', ['verify', ...token], /missing required argument 'evidence'/],
    ['no port of the meter', ['meter', 'status'], /^Say --port: nothing is remembered/],
    ['no authority', ['verify', '00'.repeat(128), ...token], /^Say --authority/],
    ['no provider', ['meter', 'sync'], /^Say --/],
    ['nowhere to print', ['print', '--postage', '1', ...port], /^Say --printer, --out or --pre/],
    ['no such profile', ['print', '--postage', '1', '--profile', 'fax'], /no profile fax: escpos/],
    ['no name of a prototype', ['print', '--postage', '1', '--profile', 'toString'], /no profile/],
    ['zeroize by mistake', ['meter', 'zeroize', ...port], /Nothing was done: say --for-ever/],
    ['a TCP port too high', ['emulate', '--tcp', '65536'], /whole number from 0 to 65535/],
    [
      'a processor that is none',
      ['emulate', '--cpu', 'z80'],
      /Allowed choices are node-vm, quickjs/,
    ],
    ['a seed without control', ['emulate', '--seed', '7'], /--seed and --state need --control/],
    [
      'a state and a directory',
      ['emulate', '--control', '0', '--state', '/nowhere', '--dir', '/nowhere'],
      /leave --dir and --seed out/,
    ],
    [
      'an operation that is none',
      ['control', 'explode', '--url', 'http://127.0.0.1:9'],
      /no operation explode/,
    ],
    [
      'a field that an operation does not have',
      ['control', 'advanceClock', '{"seconds":1}', '--url', 'http://127.0.0.1:9'],
      /^The request of advanceClock: .* It takes durationMs\.$/,
    ],
    [
      'something for an operation that takes nothing',
      ['control', 'status', '{"a":1}', '--url', 'http://127.0.0.1:9'],
      /It takes nothing\.$/,
    ],
    ['secrets without a trace', ['emulate', '--with-secrets'], /--with-secrets needs --trace/],
    ['no board to control', ['control', 'status', '--url', ''], /^Say --url/],
    ['no JSON', ['control', 'setClock', 'now', '--url', 'http://127.0.0.1:9'], /one JSON object/],
    ['a TCP port with a sign', ['emulate', '--tcp', '-1'], /whole number from 0 to 65535/],
    ['a ZIP with letters', ['print', '--postage', '1', '--to', '2026O'], /ZIP, ZIP\+4 or/],
    ['a ZIP of six digits', ['print', '--postage', '1', '--to', '202601'], /ZIP, ZIP\+4 or/],
    ['a day that is none', ['print', '--postage', '1', '--date', '20270229'], /a real day/],
    ['a day in words', ['print', '--postage', '1', '--date', 'tomorrow'], /a real day/],
    ['a weight in words', ['print', '--weight', 'heavy'], /A weight is in grams/],
    ['a weight of four decimals', ['price', '--weight', '1.0001'], /A weight is in grams/],
    ['a zone too high', ['print', '--zone', '256'], /whole number from 0 to 255/],
    ['half a sheet', ['print', '--sheets', '1.5'], /whole number from 0/],
    ['an extra that is none', ['print', '--extra', '200,x'], /whole number from 0 to 65535/],
    ['another kind of piece', ['print', '--kind', 'stamp'], /One of: postage, correction, redate/],
    ['no time of day', ['print', '--cut-off', '24:01'], /HH:MM/],
    ['two kinds at once', ['print', '--test', '--quality'], /Say one of/],
    ['another kind of refill', ['meter', 'refill', '--kind', 'gift'], /One of: purchase/],
    ['no meter number', ['authority', 'lock', '--meter', '42', ...token], /TS01-0000000042/],
    [
      'a cap beyond all of it',
      ['meter', 'register', '--spoilage-cap', '100.01'],
      /a percentage with two decimals/,
    ],
    [
      'nothing to claim',
      ['spoilage', 'submit', '--provider-token', '/nowhere'],
      /Say which pieces/,
    ],
  ])('%s: exit code 2, and why', async (_, argv, why) => {
    const home = join(temporaryFolder(), 'home');

    const { exitCode, said, error } = await cli('--home', home, ...argv);

    expect(exitCode).toBe(2);
    expect(said).toHaveLength(1);
    expect(error).toMatchObject({ error: 'usage', message: expect.stringMatching(why) });
    expect(existsSync(home)).toBe(false);
  });
});

test.each<[string, readonly string[], RegExp]>([
  [
    'a trace that is not there',
    ['trace', 'show', '/nowhere.trace'],
    /^\/nowhere.trace is not there/,
  ],
  [
    'a folder for a state',
    ['emulate', '--control', '0', '--state', '/'],
    /is a folder, and no file/,
  ],
])('%s: exit code 1, with the way out', async (_, argv, why) => {
  const { exitCode, error } = await cli(...argv);

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ message: expect.stringMatching(why), advice: expect.any(String) });
});

describe('an amount', () => {
  const at = ['--provider', 'http://127.0.0.1:9', '--provider-token', '/nowhere'];
  const takesAmounts: Record<string, (amount: string) => readonly string[]> = {
    print: (amount) => ['print', '--out', 'out', `--postage=${amount}`],
    refill: (amount) => ['meter', 'refill', `--amount=${amount}`],
    buy: (amount) => ['provider', 'buy', `--amount=${amount}`, ...at],
    pay: (amount) => ['provider', 'pay', '--customer', '1', `--amount=${amount}`, ...at],
  };
  const wrong = ['0', '0.000', '-1', '-0.78', '0.7801', '1,50', '1e3', '.', '', ' 1', 'one', '٣'];
  const cases = Object.keys(takesAmounts).flatMap((command) =>
    wrong.map((text) => [command, text]),
  );

  test.each(cases)('of %s may not be "%s"', async (command = '', text = '') => {
    const { exitCode, error } = await cli(...(takesAmounts[command]?.(text) ?? []));

    expect(exitCode).toBe(2);
    expect(error?.['message']).toMatch(
      /is above 0 and has at most three decimals|argument missing/,
    );
  });
});
