/** `tessera meter log | history`: what the security log of a meter says (requirements.md A9; domain.md R18). */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type PastRefill, refillHistory } from '#driver/contact/refill-history';
import { exportLog, readLogRecords } from '#driver/contact/security-log';
import { LOG_RECORD_SIZE, type LogRecord } from '#protocol/documents/security-log';
import { formatMills } from '#protocol/mills';
import { momentText } from '../../condition-text.ts';
import { type Home, openHome } from '../../home.ts';
import { logRecordText } from '../../log-text.ts';
import { type AccessOptions, sessionFor } from '../../meter-access.ts';
import { recordNumber } from '../../options.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';

interface Options extends AccessOptions {
  readonly from?: number;
  readonly export?: string;
}

export function addLog(meter: Command, run: Run): void {
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  meter
    .command('log')
    .summary('the security log: what happened to the meter besides its pieces')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--from <number>', 'of the first record', recordNumber)
    .option('--export <file>', 'leaves the records there as they are, 64 bytes each')
    .action((options: Options, command: Command) =>
      run((output) => log(options, home(command), output)),
    );
  meter
    .command('history')
    .summary('the last refills, as the meter has them on record')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: AccessOptions, command: Command) =>
      run((output) => history(options, home(command), output)),
    );
}

async function log(options: Options, home: Home, output: Output): Promise<number> {
  await using session = await sessionFor(home, 'user', options);
  const { meter } = session;
  const range = { from: options.from };
  if (options.export !== undefined) {
    const { from, records } = await exportLog(meter, range);
    await writeFile(options.export, records);
    const count = records.length / LOG_RECORD_SIZE;
    const figures = { file: options.export, from, records: count };
    output.say('exported', figures, `${count} records from ${from} on in ${options.export}`);
    return 0;
  }
  for await (const record of readLogRecords(meter, range))
    output.say('record', figuresOf(record), logRecordText(record));
  return 0;
}

const figuresOf = ({ event: what, ...figures }: LogRecord) => ({ what, ...figures });

async function history(options: AccessOptions, home: Home, output: Output): Promise<number> {
  await using session = await sessionFor(home, 'user', options);
  const refills = await refillHistory(readLogRecords(session.meter));
  for (const refill of refills) output.say('pastRefill', inMills(refill), pastText(refill));
  if (refills.length === 0) output.say('noRefills', {}, 'no refill is on record');
  return 0;
}

const inMills = ({ requested, credited, ...refill }: PastRefill) => ({
  ...refill,
  requestedMills: requested,
  creditedMills: credited,
});

function pastText({ sequence, kind, requested, credited, requestedMs, finishedMs }: PastRefill) {
  const asked = requested === undefined ? 'of an amount before this log' : formatMills(requested);
  const outcome =
    credited === undefined
      ? 'under way'
      : credited === 0
        ? 'declined'
        : `${formatMills(credited)} credited`;
  const moment = momentText(finishedMs ?? requestedMs ?? 0);
  return `${sequence}  ${moment}  ${kind} ${asked}: ${outcome}`;
}
