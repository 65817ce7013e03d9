/** The fuses that count how far a board has come, so that an older image never runs again (requirements.md H2). */

export interface SecurityFuse {
  /** The least security version of an image that may run. */
  readonly value: number;
  /** Raises the value for ever; a lower one changes nothing. */
  blow(value: number): void;
}

/** @param onBlow told of each new value, to keep it */
export function createSecurityFuse(
  initial = 0,
  onBlow: (value: number) => void = () => undefined,
): SecurityFuse {
  let current = initial;
  return {
    get value() {
      return current;
    },
    blow(value) {
      if (value <= current) return;
      current = value;
      onBlow(value);
    },
  };
}
