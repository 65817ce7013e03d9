/** `tessera meter status | registers | condition`: what a meter says of itself (requirements.md A3, A8, B1). */

import type { Command } from 'commander';
import { locksIn } from '#driver/contact/contact';
import type { MeterStatus, Registers } from '#protocol/command-layouts';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills } from '#protocol/mills';
import { statusName } from '#protocol/status';
import { statusEntry } from '#protocol/status-text';
import { conditionText } from '../../condition-text.ts';
import { type Home, openHome } from '../../home.ts';
import { type AccessOptions, anonymous, loggedIn } from '../../meter-access.ts';
import { type Figures, type Output, table } from '../../output.ts';
import type { Run } from '../../run.ts';
import { versionText } from '../../version-text.ts';

export function addTell(meter: Command, run: Run): void {
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  meter
    .command('status')
    .summary('state, clock and registers; needs no password')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .action((options: AccessOptions, command: Command) =>
      run((output) => tellStatus(options, home(command), output)),
    );
  meter
    .command('registers')
    .summary('the registers, inside a session')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: AccessOptions, command: Command) =>
      run((output) => tellRegisters(options, home(command), output)),
    );
  meter
    .command('condition')
    .summary('what locks the meter or soon will, and its deadlines; needs no password')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .action((options: AccessOptions, command: Command) =>
      run((output) => tellCondition(options, home(command), output)),
    );
}

export function registerFigures(registers: Registers): Figures {
  return {
    ascendingMills: registers.ascending,
    descendingMills: registers.descending,
    creditedMills: registers.credited,
    spoilageCreditedMills: registers.spoilageCredited,
    withdrawnMills: registers.withdrawn,
    controlSumMills: registers.ascending + registers.descending,
    descendingMaxMills: registers.descendingMax,
    certificateAscendingMills: registers.certificateAscending,
    certificateDescendingMills: registers.certificateDescending,
    certificateCreditedMills: registers.certificateCredited,
    pieceCount: registers.pieceCount,
    zeroPieceCount: registers.zeroPieceCount,
    certificatePieceCount: registers.certificatePieceCount,
    refillSequence: registers.refillSequence,
    refillPendingMills: registers.refillPending,
    settledMills: registers.settled,
    batchPieceCount: registers.batchPieceCount,
    batchAmountMills: registers.batchAmount,
  };
}

export function registerTable(registers: Registers): string {
  const { ascending, descending, withdrawn, refillPending, spoilageCredited } = registers;
  const { certificateAscending, certificateDescending, settled } = registers;
  const hasCertificates = certificateAscending + certificateDescending > 0;
  const more: (readonly [string, string])[] = [];
  if (spoilageCredited > 0) more.push(['of it came back spoiled', formatMills(spoilageCredited)]);
  if (withdrawn > 0) more.push(['withdrawn', formatMills(withdrawn)]);
  if (settled > 0) more.push(['settled', formatMills(settled)]);
  if (hasCertificates)
    more.push(
      ['for certificates, used', formatMills(certificateAscending)],
      ['for certificates, available', formatMills(certificateDescending)],
    );
  if (refillPending > 0)
    more.push([
      'refill under way',
      `${formatMills(refillPending)}, ${registers.refillKind}, ${registers.refillAccount}`,
    ]);
  return table([
    ['used (ascending)', formatMills(ascending)],
    ['available (descending)', formatMills(descending)],
    ['control sum', ((ascending + descending) / 1000).toFixed(3)],
    ['most it holds', formatMills(registers.descendingMax)],
    ['pieces', piecesText(registers)],
    ...more,
  ]);
}

function piecesText({ pieceCount, zeroPieceCount }: Registers): string {
  return zeroPieceCount === 0 ? String(pieceCount) : `${pieceCount}, ${zeroPieceCount} for nothing`;
}

function statusText(status: MeterStatus, name: string, imageVersion: number): string {
  const fault = status.fault === 0 ? undefined : statusName(status.fault);
  const lines = table([
    ['meter', name],
    ['state', status.state],
    ['life cycle', status.lifeCycle],
    ['image', `version ${versionText(imageVersion)}`],
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
    statusText(status, name, version.imageVersion),
  );
  return status.state === 'error' ? 1 : 0;
}

async function tellRegisters(options: AccessOptions, home: Home, output: Output): Promise<number> {
  await using meter = await loggedIn(home, 'user', options);
  const registers = await meter.registers();
  output.say('registers', registerFigures(registers), registerTable(registers));
  return 0;
}

/** Exit code 1 where it produces no value. */
async function tellCondition(options: AccessOptions, home: Home, output: Output): Promise<number> {
  await using meter = await anonymous(home, options);
  const condition = await meter.condition();
  output.say('condition', { ...condition }, conditionText(condition));
  return locksIn(condition).length === 0 ? 0 : 1;
}
