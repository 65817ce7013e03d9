/** The cells of the matrix: every situation × every command, and every code that is none × how the request arrives. */

import { type CommandName, commandNames, commands } from '#protocol/command';
import { unknownCodes, wellFormed } from '#tools/policy/matrix';
import { type Outcome, outcomeOf } from '#tools/policy/outcomes';
import { type Scene, scenes } from '#tools/policy/situations';

/**
 * `wellFormed`: as its layout says · `short`, `long`: a byte less, a byte more · `badTag`: changed on the way, so that the
 * tag of the record or the check sum of the frame is wrong · `replayed`: sent again once it was answered.
 */
export const variants = ['wellFormed', 'short', 'long', 'badTag', 'replayed'] as const;
type Variant = (typeof variants)[number];

export interface Cell {
  readonly scene: Scene;
  /** `unknown`: a code that is no command's. */
  readonly command: CommandName | 'unknown';
  readonly variant: Variant;
}

export const commandsAsked: readonly Cell['command'][] = [...commandNames, 'unknown'];

/** In the order in which they are run: those of one scene together. */
export const cells: readonly Cell[] = scenes.flatMap((scene) =>
  commandsAsked.flatMap((command) => variants.map((variant) => ({ scene, command, variant }))),
);

/** Fraction of the golden ratio: its multiples fall evenly into the whole, and follow no row or column of it. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** What the policy says of a cell. */
export const policyOf = ({ scene, command, variant }: Cell): Outcome =>
  outcomeOf(scene, command === 'unknown' ? undefined : command, variant);

/** As many cells as are wanted, evenly out of all, in their order. */
export function sampleOf(all: readonly Cell[], count: number): readonly Cell[] {
  if (count >= all.length) return all;
  const places = new Set<number>();
  for (let turn = 1; places.size < count; turn++)
    places.add(Math.floor(((turn * GOLDEN) % 1) * all.length));
  return [...places].toSorted((a, b) => a - b).map((place) => all[place] as Cell);
}

/** Code and body of the request; that of `badTag` and `replayed` is well-formed. */
export function requestOf({ command, variant }: Cell): Uint8Array {
  const whole =
    command === 'unknown'
      ? Uint8Array.of(unknownCodes.at(-1) as number, 0)
      : Uint8Array.of(commands[command].code, ...wellFormed[command]);
  if (variant === 'short') return whole.slice(0, -1);
  return variant === 'long' ? Uint8Array.of(...whole, 0) : whole;
}
