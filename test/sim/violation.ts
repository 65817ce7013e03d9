/** Something that must never be, found in a simulated world. */

/** What was violated: stable names, for who counts or shrinks. */
export type ViolationKind =
  | 'money'
  | 'books'
  | 'indicium'
  | 'durability'
  | 'memory'
  | 'fraud'
  | 'refusal'
  | 'crash'
  | 'unrest';

/**
 * `money`: value was made or lost · `books`: two of the three books differ · `indicium`: one without a debit, or a piece
 * charged twice · `durability`: something was said before it was durable · `memory`: what was said, or found after a power
 * cut, is not what was · `fraud`: a clone or a forgery was not found out · `refusal`: somebody honest was refused · `crash`:
 * a program met its own bug · `unrest`: the healed world does not come to rest.
 */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly kind: ViolationKind;

  constructor(kind: ViolationKind, what: string, cause?: unknown) {
    super(`${kind}: ${what}`, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}

/** @throws Violation where it does not hold */
export function must(holds: boolean, kind: ViolationKind, what: () => string): void {
  if (!holds) throw new Violation(kind, what());
}
