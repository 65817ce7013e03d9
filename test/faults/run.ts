/** One attack with one fault, on a meter of its own; and all the faults that an attack passes. */

import type { CallerName } from '#protocol/state';
import { makeBoard } from '#test/support/board';
import { newestState, storedContent } from '#test/support/journal-forgery';
import { certifiedCopy } from '#test/support/meter';
import { type RawHost, type Reply, rawHost } from '#test/support/raw-host';
import { violationsOf } from './aftermath.ts';
import type { Attack } from './attack.ts';
import type { Injector } from './injector.ts';
import type { Site } from './sites.ts';

/**
 * `refused`: as without a fault · `stopped`: the meter is in the error state · `other`: anything else that harms nobody ·
 * `missed`: the fault did not happen, since the host's keys are others each time.
 */
export type Outcome = 'refused' | 'stopped' | 'other' | 'missed' | 'violation';

export interface Trial {
  readonly site: number;
  /** The fault strikes when the site is passed for this time; from 1. */
  readonly pass: number;
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly violations: readonly string[];
}

/** Passes of one site that are tried: the first ones and the last. */
const PASSES_MAX = 3;

/** What an attack begins with. */
export interface Scene {
  readonly attack: Attack;
  readonly contents: Uint8Array;
  readonly trials: readonly Trial[];
}

/** @throws Error where a sound meter does not answer the attack as it should: then no trial shows anything */
export async function prepare(attack: Attack, injector: Injector): Promise<Scene> {
  const contents = (await attack.flash()).contents();
  const scene = { attack, contents, trials: [] };
  let counts: ReadonlyMap<number, number> = new Map();
  const sound = play(scene, injector, (strike) => {
    counts = injector.passesOf(strike);
  });
  if (sound.violations.length > 0 || sound.outcome !== 'refused')
    throw new Error(
      `${attack.name}: without a fault it ends as ${sound.outcome} (${sound.status}): ${sound.violations.join('; ')}`,
    );
  const trials = [...counts].flatMap(([site, passes]) =>
    passesTried(passes).map((pass) => ({ site, pass })),
  );
  return { attack, contents, trials };
}

function passesTried(passes: number): number[] {
  const first = Array.from({ length: Math.min(passes, PASSES_MAX) }, (_, place) => place + 1);
  return passes > PASSES_MAX ? [...first, passes] : first;
}

export function judge(scene: Scene, injector: Injector, { site, pass }: Trial): Verdict {
  let hasStruck = false;
  const verdict = play(scene, injector, (strike) => {
    injector.arm(site, pass);
    strike();
    hasStruck = injector.disarm();
  });
  return hasStruck ? verdict : { ...verdict, outcome: 'missed' };
}

function play(
  { attack, contents }: Scene,
  injector: Injector,
  during: (strike: () => void) => void,
): Verdict & { readonly status: string } {
  const flash = certifiedCopy(contents);
  const { indiciumPublicKey } = storedContent(flash);
  const { board } = makeBoard({ flash, cpu: injector.cpu, ...injector.image });
  const host = rawHost(board);
  attack.approach(host);
  const before = newestState(flash.contents());
  let replies: readonly (Reply | undefined)[] = [];
  during(() => {
    replies = struck(attack, host);
  });
  const behind = statusOf(host);
  board.powerOff();
  const after = newestState(flash.contents());
  const violations = violationsOf(attack, {
    before,
    after,
    replies,
    caller: behind?.caller,
    indiciumKey: indiciumPublicKey,
  });
  const status = String(replies.at(-1)?.status);
  return { outcome: outcomeOf(), violations, status };

  function outcomeOf(): Outcome {
    if (violations.length > 0) return 'violation';
    if (behind === undefined || behind.state === 'error') return 'stopped';
    return attack.soundStatus.includes(status) ? 'refused' : 'other';
  }
}

/** A meter that talks nonsense gives nothing away. */
function struck(attack: Attack, host: RawHost): readonly (Reply | undefined)[] {
  try {
    return attack.strike(host);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw error; // a defect of the attack
    return [];
  }
}

function statusOf(
  host: RawHost,
): { readonly caller: CallerName; readonly state: string } | undefined {
  try {
    return host.status();
  } catch {
    return undefined; // a meter that says nothing gives nothing away either
  }
}

export const placeOf = ({ file, line, kind, text }: Site): string =>
  `${file}:${line} ${kind} ${text.replace(/\s+/g, ' ')}`;
