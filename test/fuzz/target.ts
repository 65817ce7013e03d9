/** What is fuzzed: something that takes bytes, and the properties that hold whatever they are. */

export interface Target {
  readonly name: string;
  /** Beginnings of the paths whose branches and literals guide it. */
  readonly scope: readonly string[];
  /** Bytes of an input. */
  readonly sizeMax: number;
  /** Of how many executions of a run this one gets a part; 1 for what takes microseconds. */
  readonly share: number;
  /** Real bytes to begin with. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /**
   * Takes one input.
   * @throws PropertyError, or whatever else nobody declared
   */
  run(input: Uint8Array): void | Promise<void>;
}

/** A property that does not hold. */
class PropertyError extends Error {
  override readonly name = 'PropertyError';
}

/** @throws PropertyError */
export function hold(isTrue: boolean, property: string): asserts isTrue {
  if (!isTrue) throw new PropertyError(property);
}
