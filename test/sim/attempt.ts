/**
 * What a desk does, one thing after the other, and what may go wrong with it: trouble is to be expected while there are
 * faults, and anything else is a violation.
 */

import { ServerLinkError, ServerRefusedError } from '#cli/server/http-client';
import { BatchError } from '#driver/batch/batch-error';
import { JournalError } from '#driver/checked-lines';
import { LinkError, RefusedError } from '#driver/errors';
import { PrinterError } from '#driver/print/printer-error';
import type { RefusalName } from '#protocol/status';
import { startComputer } from './computer.ts';
import type { Desk } from './desk.ts';
import { leave } from './meter-access.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** More than so many things do not wait at one desk: nobody plans further ahead. */
const QUEUED_MAX = 3;

export interface Deed {
  /** Named in the trace. */
  readonly name: string;
  /** What an honest meter may say to it, besides what anybody hears who was interrupted. */
  readonly mayBeRefused?: readonly RefusalName[] | undefined;
  readonly run: (world: World, desk: Desk) => Promise<void>;
}

/** Has a desk do something when it has done what it was asked for before. */
export function enqueue(world: World, desk: Desk, deed: Deed): void {
  if (desk.queued >= QUEUED_MAX) return;
  desk.queued += 1;
  desk.busy = desk.busy.then(async () => {
    await attempt(world, desk, deed);
    desk.queued -= 1;
  });
}

/** Does it, whatever comes of it. @returns whether it went well */
export async function attempt(world: World, desk: Desk, deed: Deed): Promise<boolean> {
  if (!desk.computer.host.isAlive) {
    const { name, disk, computer } = desk;
    const index = world.desks.indexOf(desk);
    desk.computer = startComputer(world, { name, index, disk, start: computer.start + 1 });
  }
  const { host } = desk.computer;
  world.trace.note(`${desk.name} ${deed.name}`);
  async function carryOut(): Promise<boolean> {
    try {
      await deed.run(world, desk);
      return true;
    } catch (error) {
      if (!host.isAlive) return false; // what a dead program thinks does not count
      judge(world, desk, deed, error);
      await leave(desk);
      return false;
    }
  }
  const done = world.time.begin(() => host.isAlive, carryOut);
  const isWell = await Promise.race([done, host.ended.then(() => false)]);
  world.trace.note(`${desk.name} ${deed.name} ${isWell ? 'done' : 'not done'}`);
  return isWell;
}

/** What a meter says to somebody whose session it has lost. */
const access: readonly RefusalName[] = [
  'sessionEnded',
  'authenticationFailed',
  'passwordDelayed',
  'passwordWrong',
  'lockedOut',
];

function judge(world: World, desk: Desk, { name, mayBeRefused = [] }: Deed, error: unknown): void {
  const what = error instanceof Error ? error.message : String(error);
  world.trace.note(`${desk.name} ${name} failed: ${what}`);
  if (error instanceof Violation) world.alarm(error);
  else if (!isTrouble(world, error, [...access, ...mayBeRefused]))
    world.alarm(violationOf(`${desk.name} ${name}: ${what}`, error));
}

function violationOf(what: string, error: unknown): Violation {
  const isRefusal = error instanceof RefusedError || error instanceof ServerRefusedError;
  const isTrouble = error instanceof LinkError || error instanceof ServerLinkError;
  return new Violation(isRefusal ? 'refusal' : isTrouble ? 'unrest' : 'crash', what, error);
}

function isTrouble(world: World, error: unknown, mayBeRefused: readonly RefusalName[]): boolean {
  if (error instanceof RefusedError)
    return error.status !== undefined && mayBeRefused.includes(error.status);
  if (error instanceof BatchError) return error.reason === 'fundsShort';
  if (world.isHealed) return false;
  if (error instanceof JournalError) return isDiskFull(error.cause);
  if (error instanceof ServerRefusedError) return error.advice === 'retry';
  return (
    error instanceof LinkError ||
    error instanceof PrinterError ||
    error instanceof ServerLinkError ||
    isDiskFull(error)
  );
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
