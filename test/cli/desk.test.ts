/** A desk: saved lists, accounts with budgets, users, presets, and reports that agree with the meter (requirements.md F5, F7). */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHome } from '#cli/home';
import { loggedIn } from '#cli/meter-access';
import { tessera } from '#cli/tessera';
import { openBooks } from '#driver/accounts/books';
import { createJob, openJob } from '#driver/batch/job';
import { runJob } from '#driver/batch/run';
import { issue } from '#driver/issue';
import { openPendingJournal } from '#driver/pending';
import { dateOf } from '#protocol/documents/date';
import { mills } from '#protocol/mills';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';

let world: World;
let meter: MeterAtHand;
const file = (name: string): string => join(world.folder, name);

beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  writeFileSync(file('pin'), '4711\n');
  writeFileSync(file('other-pin'), '0815\n');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const desk = (...argv: readonly string[]) => cli('--home', meter.home, ...argv);
const deskDone = (...argv: readonly string[]) => cliDone('--home', meter.home, ...argv);
const asUser = () => ['--password-file', world.passwordFiles.user];
const print = (...argv: readonly string[]) =>
  desk('print', ...asUser(), '--out', file(nextOut()), ...argv);
let prints = 0;
function nextOut(): string {
  prints += 1;
  return `out-${prints}`;
}
const rowsOf = async (...argv: readonly string[]) =>
  (await deskDone('report', ...argv)).figures('report')['rows'] as Record<string, unknown>[];

test('a list in a foreign encoding is imported, mended, vouched for and mailed', async () => {
  const rows = ['Nom;Rue;Ville;State;Zip;Pays', 'Renée Dupré;3 rue Bleue;Paris;;75009;France'];
  rows.push(
    'Ann Smith;12 north main street apt 4;springfield;Illinois;62701;',
    'Bob;1 Elm;Elgin;;;',
  );
  writeFileSync(file('people.csv'), Buffer.from(rows.join('\r\n'), 'latin1'));

  const imported = await deskDone('list', 'import', 'people', file('people.csv'));
  const early = await desk('batch', 'run', file('early'), '--saved', 'people', ...asUser());
  await deskDone('list', 'edit', 'people', 'people-4', '--set', 'region=IL');
  await deskDone('list', 'override', 'people', 'people-4', '--reason', 'they know him there');
  const options = ['--saved', 'people', '--service', '1', '--no-print', ...asUser()];
  const mailed = await desk('batch', 'run', file('job'), ...options);

  expect(imported.figures('table')).toMatchObject({ format: 'csv', encoding: 'windows-1252' });
  expect(imported.figures('imported')).toMatchObject({ taken: 3, doubtful: 1, wrong: 0 });
  expect(early.error).toMatchObject({ error: 'listDoubtful' });
  expect(mailed.exitCode).toBe(0);
  const job = await openJob(file('job'));
  const lines: (readonly string[])[] = [];
  for await (const { addressee } of job.pieces()) lines.push(addressee);
  await job.close();
  expect(lines).toEqual([
    ['Renée Dupré', '3 rue Bleue', '75009 Paris', 'FRANCE'],
    ['ANN SMITH', '12 N MAIN ST', 'APT 4', 'SPRINGFIELD IL 62701'],
    ['Bob', '1 Elm', 'Elgin IL'],
  ]);
});

test('an account is needed where there are some, warned of and locked at its budget, and never lost', async () => {
  await deskDone('account', 'add', 'sales', '--budget', '2.40', '--warn', '50');
  await deskDone('account', 'add', 'sales/north', '--surcharge', '10', '--surcharge-each', '0.02');

  const without = await print('--postage', '1');
  const first = await print('--postage', '1', '--account', 'sales/north');
  const second = await print('--postage', '1', '--account', 'sales/north', '--reference', 'second');
  const third = await print('--postage', '1', '--account', 'sales');
  const removed = await desk('account', 'remove', 'sales/north');
  await deskDone('account', 'change', 'sales', '--inactive', '--budget', 'none');
  const inactive = await print('--postage', '1', '--account', 'sales/north');
  await deskDone('account', 'change', 'sales', '--active');
  await deskDone('account', 'use', 'sales');

  expect(without.error).toMatchObject({ error: 'accountMissing' });
  expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
  expect(second.figures('budgetWarning')).toMatchObject({ account: 'sales', spentMills: 1_120 });
  expect(third.error).toMatchObject({ error: 'budgetSpent' });
  expect(removed.error).toMatchObject({ error: 'accountCharged' });
  expect(inactive.error).toMatchObject({ error: 'accountInactive' });
  const accounts = await rowsOf('accounts');
  expect(accounts.map(({ account, spentMills }) => [account, spentMills])).toEqual([
    ['sales', 2_240],
    ['sales/north', 2_240],
  ]);
});

test('what was charged and not logged, single or in a job, is logged once by the next report', async () => {
  const home = openHome(meter.home);
  await using open = await loggedIn(home, 'user', { passwordFile: world.passwordFiles.user });
  {
    await using journal = await openPendingJournal(home.journal);
    const piece = { serviceId: 1, postage: mills(780), mailingDate: dateOf(Date.now()) };
    await issue(open, journal, { ...piece, destination: 0, reference: 'died behind it' });
  }
  const { current } = await open.rateTables();
  const list = 'reference,service,destination\r\na,1,\r\nb,1,\r\n';
  const { description } = await openJobOnce(file('job'));
  await createJob(file('dead'), chunks(list), { meter: description.meter, rateTable: current });
  using books = openBooks(join(meter.home, 'desk.db'));
  books.sql('INSERT INTO job VALUES (?, ?, ?, 0)').run(file('dead'), 'sales', '');
  {
    await using job = await openJob(file('dead'));
    await runJob(job, open);
  }

  const before = books.sql('SELECT count(*) AS count FROM debit').get()?.['count'] as number;
  const funds = await deskDone('report', 'funds', ...asUser());
  const again = await rowsOf('transactions');

  const references = again.map(({ reference }) => reference);
  expect(again).toHaveLength(before + 3);
  expect(references.filter((each) => each === 'died behind it')).toHaveLength(1);
  expect(again.filter(({ account }) => account === 'sales')).toHaveLength(2);
  expect(funds.figures('report')['notes']).toEqual([]);
});

async function openJobOnce(path: string) {
  await using job = await openJob(path);
  return { description: job.description };
}
async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

test('a piece that another computer charged is seen to be missing in the log', async () => {
  const elsewhere = file('elsewhere');
  mkdirSync(elsewhere);
  for (const name of ['user.key', 'settings.json'])
    writeFileSync(join(elsewhere, name), readFileSync(join(meter.home, name)));
  writeFileSync(join(elsewhere, 'settings.json'), JSON.stringify({ port: meter.port }));
  const options = ['--postage', '2.5', '--out', file('elsewhere-out'), ...asUser()];
  await cliDone('--home', elsewhere, 'print', ...options);

  const funds = await deskDone('report', 'funds', ...asUser());

  expect(funds.figures('report')['notes']).toEqual([
    expect.stringMatching(/charged 2\.500 in 1 pieces that are not in the log/),
  ]);
});

test('a preset gives what the command line leaves open', async () => {
  const kept = ['--service', '30', '--sheets', '3', '--postage', '9'];
  await deskDone('preset', 'save', 'letter', '--', ...kept);

  const printed = await print('--preset', 'letter', '--postage', '0.78');

  expect(printed.figures('printed')).toMatchObject({ postageMills: 780 });
});

test('a job pauses behind the piece that is under way, goes on, and tells how it ended', async () => {
  const rows = ['a', 'b', 'c'].map((name) => `${name},1,`);
  writeFileSync(file('three.csv'), ['reference,service,destination', ...rows].join('\n'));
  const job = file('paused');
  const argv = [
    '--home',
    meter.home,
    'batch',
    'run',
    job,
    '--list',
    file('three.csv'),
    '--no-print',
  ];
  const told: string[] = [];
  const say = (event: string): void => {
    told.push(event);
    if (event === 'piece') writeFileSync(join(job, 'pause'), ''); // as batch pause does
  };

  const paused = await tessera([...argv, ...asUser()], { output: { isJson: true, say } });
  const between = await deskDone('batch', 'status', job);
  const resumed = await desk('batch', 'resume', job, '--no-print', ...asUser());
  const spoiled = await desk('batch', 'spoil', job, 'a', '--reason', 'coffee');
  const report = await deskDone('batch', 'report', job);

  expect([paused, told.filter((event) => event === 'piece').length]).toEqual([1, 1]);
  expect(between.figures('job')).toMatchObject({ planned: 2, issued: 1 });
  expect([resumed.exitCode, spoiled.exitCode]).toEqual([0, 0]);
  expect(report.figures('report')).toMatchObject({
    rows: [{ service: '1 letter, 1 oz', pieces: 3, charged: 3, postageMills: 2_340 }],
    notes: [
      expect.stringMatching(/^2 are charged and not printed/),
      expect.stringMatching(/^1 are spoiled/),
    ],
  });
  expect(await rowsOf('spoilage')).toMatchObject([{ reference: 'a', reason: 'coffee' }]);
  expect((await desk('batch', 'pause', file('none'))).error).toMatchObject({ error: 'jobMissing' });
});

test('reports come as table, CSV, JSON, PDF and a chart', async () => {
  const outputs = ['csv', 'json', 'pdf', 'table'].map((format) => file(`usage.${format}`));
  for (const out of outputs) {
    const format = out.split('.').at(-1) as string;
    await deskDone('report', 'usage', '--by', 'account', '--format', format, '--out', out);
  }
  await deskDone('report', 'usage', '--chart', file('usage.svg'));
  const again = await desk('report', 'usage', '--out', file('usage.csv'));

  const [csv, json, pdf, table] = outputs.map((out) => readFileSync(out, 'latin1'));
  expect(csv).toMatch(/^Account,Pieces,Postage,Surcharge,Total\r\n\(none\),\d+/);
  expect(JSON.parse(json ?? '')).toMatchObject({ title: 'Usage by account' });
  expect(pdf).toMatch(/^%PDF-1\.4[\s\S]*%%EOF\n$/);
  expect(table).toMatch(/sales\/north +2 +2\.000 +0\.240 +2\.240/);
  expect(readFileSync(file('usage.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<rect [\s\S]*<\/svg>\n$/);
  expect(again.error?.['error']).toBeDefined();
});

test('where users are known, PIN and role decide, and wrong ones lock', async () => {
  const admin = ['--user', 'ada', '--pin-file', file('pin')];
  const clerk = ['--user', 'bob', '--pin-file', file('other-pin')];
  await deskDone('user', 'add', 'ada', '--new-pin-file', file('pin'));
  await deskDone(
    'user',
    'add',
    'bob',
    '--role',
    'operator',
    '--new-pin-file',
    file('other-pin'),
    ...admin,
  );

  const nobody = await print('--postage', '1');
  const printed = await print('--postage', '1', ...clerk);
  const reported = await desk('report', 'usage', ...clerk);
  const refilled = await desk('meter', 'refill', '--amount', '1', ...asUser(), ...clerk);
  const last = await desk('user', 'change', 'ada', '--role', 'operator', ...admin);
  const wrong = ['--user', 'bob', '--pin-file', file('pin')];
  const tries: unknown[] = [];
  for (let at = 0; at < 6; at++)
    tries.push((await print('--postage', '1', ...wrong)).error?.['error']);
  const locked = await print('--postage', '1', ...clerk);
  await deskDone('user', 'unlock', 'bob', ...admin);
  const unlocked = await print('--postage', '1', ...clerk);

  expect(nobody.error).toMatchObject({ error: 'userMissing' });
  expect(printed.exitCode).toBe(0);
  for (const { error } of [reported, refilled])
    expect(error).toMatchObject({ error: 'roleMissing' });
  expect(last.error).toMatchObject({ error: 'lastAdministrator' });
  expect(tries).toEqual([...Array(5).fill('pinWrong'), 'userLocked']);
  expect(locked.error).toMatchObject({ error: 'userLocked' });
  expect(unlocked.exitCode).toBe(0);
  const errors = await rowsOf('errors', ...admin);
  expect(errors.map(({ reason }) => reason)).toContain('budgetSpent');
  const byUser = await rowsOf('usage', '--by', 'user', ...admin);
  expect(byUser.find(({ user }) => user === 'bob')).toMatchObject({ pieces: 2 });
});
