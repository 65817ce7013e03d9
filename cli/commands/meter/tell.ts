/** `tessera meter status | registers | report`: what a meter says of itself (requirements.md A3, A9, B1). */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { MeterStatus, Registers } from '#protocol/command';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills } from '#protocol/mills';
import { statusEntry, statusName } from '#protocol/status';
import { type Home, needed, openHome } from '../../home.ts';
import { type AccessOptions, anonymous, loggedIn } from '../../meter-access.ts';
import { type Figures, type Output, table } from '../../output.ts';
import type { Run } from '../../run.ts';
import { authorityAt } from '../../servers.ts';

export function addTell(meter: Command, run: Run): void {
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  meter
    .command('status')
    .summary('state, clock and registers; needs no password')
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .action((options: AccessOptions, command: Command) =>
      run((output) => tellStatus(options, home(command), output)),
    );
  meter
    .command('registers')
    .summary('the registers, inside a session')
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: AccessOptions, command: Command) =>
      run((output) => tellRegisters(options, home(command), output)),
    );
  meter
    .command('report')
    .summary('a signed status report, handed to the authority')
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--out <file>', 'keep the report in a file')
    .action((options: ReportOptions, command: Command) =>
      run((output) => report(options, home(command), output)),
    );
}

export function registerFigures(registers: Registers): Figures {
  return {
    ascendingMills: registers.ascending,
    descendingMills: registers.descending,
    refundedMills: registers.refunded,
    creditedMills: registers.credited,
    controlSumMills: registers.ascending + registers.descending,
    descendingMaxMills: registers.descendingMax,
    certificateAscendingMills: registers.certificateAscending,
    certificateDescendingMills: registers.certificateDescending,
    pieceCount: registers.pieceCount,
    zeroPieceCount: registers.zeroPieceCount,
    certificatePieceCount: registers.certificatePieceCount,
    refillSequence: registers.refillSequence,
    refillPendingMills: registers.refillPending,
  };
}

export function registerTable(registers: Registers): string {
  const { ascending, descending, refillPending } = registers;
  return table([
    ['used (ascending)', formatMills(ascending)],
    ['available (descending)', formatMills(descending)],
    ['control sum', ((ascending + descending) / 1000).toFixed(3)],
    ['most it holds', formatMills(registers.descendingMax)],
    ['pieces', String(registers.pieceCount)],
    ...(refillPending > 0 ? [['refill under way', formatMills(refillPending)] as const] : []),
  ]);
}

function statusText(status: MeterStatus, name: string): string {
  const fault = status.fault === 0 ? undefined : statusName(status.fault);
  const lines = table([
    ['meter', name],
    ['state', status.state],
    ['life cycle', status.lifeCycle],
    ['clock', status.timeMs === 0 ? 'not trusted' : new Date(status.timeMs).toISOString()],
  ]);
  const trouble = fault === undefined ? '' : `\n  ${fault}: ${statusEntry(fault).text}`;
  const money = status.registersValid ? `\n${registerTable(status.registers)}` : '';
  return `${lines}${trouble}${money}`;
}

async function tellStatus(options: AccessOptions, home: Home, output: Output): Promise<number> {
  await using meter = await anonymous(home, options);
  const status = await meter.status();
  const version = await meter.version();
  const isNumbered = status.meterId.some((byte) => byte !== 0);
  const name = isNumbered ? formatMeterId(status.meterId) : 'without a number';
  output.say(
    'status',
    {
      meter: isNumbered ? name : undefined,
      state: status.state,
      lifeCycle: status.lifeCycle,
      caller: status.caller,
      fault: status.fault === 0 ? undefined : (statusName(status.fault) ?? status.fault),
      faultDetail: status.fault === 0 ? undefined : status.faultDetail,
      timeMs: status.timeMs,
      imageVersion: version.imageVersion,
      imageDigest: version.imageDigest,
      registersValid: status.registersValid,
      ...registerFigures(status.registers),
    },
    statusText(status, name),
  );
  return status.state === 'error' ? 1 : 0;
}

async function tellRegisters(options: AccessOptions, home: Home, output: Output): Promise<number> {
  await using meter = await loggedIn(home, 'user', options);
  const registers = await meter.registers();
  output.say('registers', registerFigures(registers), registerTable(registers));
  return 0;
}

interface ReportOptions extends AccessOptions {
  readonly authority?: string;
  readonly authorityToken: string;
  readonly out?: string;
}

async function report(options: ReportOptions, home: Home, output: Output): Promise<number> {
  const url = needed(options.authority, home.settings.authority, '--authority');
  const authority = authorityAt(url, options.authorityToken);
  await using meter = await loggedIn(home, 'user', options);
  const { meterId } = await meter.status();
  const { challenge } = await authority.askForReport({ meterId });
  const signed = await meter.statusReport(challenge);
  if (options.out !== undefined) await writeFile(options.out, signed.report);
  const verdict = await authority.takeReport(signed);
  const checks = verdict.checks.map(({ name, outcome, text }) => `  ${outcome} ${name}: ${text}`);
  output.say(
    'report',
    { meter: formatMeterId(meterId), ...verdict, report: signed.report, file: options.out },
    [
      verdict.accepted ? 'the authority accepts the report' : 'THE AUTHORITY OBJECTS',
      ...checks,
    ].join('\n'),
  );
  return verdict.accepted ? 0 : 1;
}
