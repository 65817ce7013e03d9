/** What a command says: sentences for a person, or one JSON object per line with `--json` (requirements.md F4). */

import { bytesToHex } from '@noble/hashes/utils.js';

/** A step that happened, with its figures. Amounts are in mills and say so in their names; bytes become hex. */
export type Figures = Readonly<Record<string, unknown>>;

export interface Output {
  readonly isJson: boolean;
  /**
   * @param event name of the step, camelCase
   * @param text the same for a person; may have several lines
   */
  say(event: string, figures: Figures, text: string): void;
}

function plain(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? bytesToHex(value) : value;
}

export function createOutput(
  isJson: boolean,
  stream: NodeJS.WritableStream = process.stdout,
): Output {
  return {
    isJson,
    say(event, figures, text) {
      const line = isJson ? JSON.stringify({ event, ...figures }, plain) : text;
      stream.write(`${line}\n`);
    },
  };
}

/** Aligned lines `name  value`, for a person. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
