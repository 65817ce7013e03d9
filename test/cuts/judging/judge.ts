/** Judges what a cut has left, as the owner of the money would: by what the meter says then, and goes on to say. */

import type { Act, CutCommand, Outcome, Reply } from '../commands/act.ts';
import type { Host } from '../meter/host.ts';
import {
  type Account,
  accountOf,
  brokenLaws,
  difference,
  logCountOf,
  type Told,
} from './account.ts';

/** What is known of a command before power is cut in it. */
export interface Expectation {
  readonly command: CutCommand;
  readonly act: Act;
  /** What the meter says of itself where the request was never asked for, and where it was performed. */
  readonly before: Account;
  readonly after: Account;
  /** Records of the security log in the one and in the other; undefined where that is not told. */
  readonly log: Readonly<Record<'before' | 'after', number | undefined>>;
  /** What was answered where no power was cut; two where it was cut before. */
  readonly answers: readonly string[];
  /** The latest time that the meter is known to have written down. */
  readonly stampMs: number;
}

export interface CutState {
  /** The answer was out before the cut: nothing of it may be lost. */
  readonly isHeard: boolean;
  /** Programs that the chip may refuse: where two cuts in a row changed nothing that anybody can see. */
  readonly refusedMax: number;
}

export interface Verdict {
  readonly outcome: Outcome;
  /** One sentence each; none where all is well. */
  readonly violations: readonly string[];
}

/** Thrown where it makes no sense to go on. */
class Violated extends Error {}

/** Which of the two a state is; undefined where they are the same. @throws Violated where it is neither */
function outcomeOf({ before, after }: Expectation, account: Account): Outcome | undefined {
  if (account !== before && account !== after)
    throw new Violated(
      `neither before nor after: ${difference(account, before)} / ${difference(account, after)}`,
    );
  if (before === after) return undefined;
  return account === before ? 'rolledBack' : 'completed';
}

/** What the meter says of itself, which must be lawful. */
async function lawful(host: Host, { stampMs }: Expectation): Promise<Told> {
  const told = await host.told();
  const broken = brokenLaws(told.status, stampMs);
  if (broken.length > 0) throw new Violated(broken.join('; '));
  return told;
}

/** What happened and that it was written down are one transaction: where the one is told, the other is there. */
function checkLog({ log }: Expectation, told: Told, outcome: Outcome | undefined): void {
  const count = logCountOf(told);
  if (count === undefined || log.before === undefined || log.after === undefined) return;
  const least = outcome === 'completed' ? log.after : log.before;
  const most = outcome === 'rolledBack' ? log.before : log.after;
  if (count < least || count > most)
    throw new Violated(`the log has ${count} records, not ${least} to ${most}`);
}

function checkReply(
  { command, answers }: Expectation,
  { said }: Reply,
  outcome: Outcome,
  isHeard: boolean,
): void {
  if (isHeard && outcome === 'rolledBack')
    throw new Violated(`it was answered (${answers.join(' or ')}), and is undone`);
  const isFree = command.isCounted === true || (command.isBorn === true && !isHeard);
  const isSame = isFree || outcome === 'rolledBack' || answers.includes(said);
  if (!isSame) throw new Violated(`asked again it says ${said}, where it was ${answers.join()}`);
}

/** The meter comes up, is asked again, and then once more. @throws Violated, or what the driver or the board throws */
async function goOn(host: Host, expected: Expectation, isHeard: boolean): Promise<Outcome> {
  const { command, act, after, answers } = expected;
  host.powerOn();
  const found = await lawful(host, expected);
  const told = outcomeOf(expected, accountOf(found));
  checkLog(expected, found, told);

  const reply = await act.again(host, answers);
  const done = accountOf(await lawful(host, expected));
  if (done !== after) throw new Violated(`asked again it is not done: ${difference(done, after)}`);
  if (told !== undefined && reply.found !== undefined && told !== reply.found)
    throw new Violated(`the registers say ${told}, the answer says ${reply.found}`);
  const outcome = told ?? reply.found ?? 'completed';
  checkReply(expected, reply, outcome, isHeard);

  const repeated = await act.again(host, [reply.said]);
  const still = accountOf(await lawful(host, expected));
  if (still !== after) throw new Violated(`asked once more: ${difference(still, after)}`);
  const isRight = command.isCounted ? repeated.found === 'completed' : repeated.said === reply.said;
  if (!isRight)
    throw new Violated(`asked once more it says ${repeated.said}, ${reply.said} before`);
  return outcome;
}

/** Every way in which a meter may be wrong ends up here, a board that is dead or a driver that gives up among them. */
export async function judge(host: Host, expected: Expectation, cut: CutState): Promise<Verdict> {
  const { counters } = host.flash;
  const refusedBefore = counters.refused;
  const violations: string[] = [];
  let outcome: Outcome = 'rolledBack';
  try {
    outcome = await goOn(host, expected, cut.isHeard);
  } catch (error) {
    violations.push(textOf(error));
  }
  const refused = counters.refused - refusedBefore;
  if (refused > cut.refusedMax) violations.push(`the flash refused ${refused} programs`);
  host.powerOff();
  return { outcome, violations };
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
