/** Reads a layout back out of its coder: names, order and sizes of the fields, as the coder itself decodes them. */

import type * as P from 'micro-packed';

/** How many bytes a field takes: always the same, as many as a length before it tells, or all that are left. */
export type Extent = 'fixed' | 'prefixed' | 'rest';

export interface Field {
  readonly name: string;
  /** The type of the decoded value. */
  readonly kind: 'number' | 'boolean' | 'name' | 'flags' | 'bytes' | 'struct' | 'list';
  /** Bytes; of a prefixed field, those of the length, or of the number of items; 0 for all that is left. */
  readonly size: number;
  readonly extent: Extent;
  /** The fields of a struct; empty for everything else. */
  readonly fields: readonly Field[];
}

interface Open {
  readonly name: string;
  readonly object: Record<string, unknown>;
  reads: number[];
  hasRest: boolean;
  fields: Field[];
}

/** What a coder asks of its reader while it decodes; answers zeros, and keeps what was asked. */
class TracingReader {
  readonly #open: Open[];

  constructor(root: Open) {
    this.#open = [root];
  }

  get #top(): Open {
    return this.#open.at(-1) as Open;
  }

  pushObj(object: Record<string, unknown>, decode: () => void): void {
    const { name, fields, reads } = this.#top;
    this.#open.push({
      name,
      object,
      reads: Array.isArray(object) ? reads : [],
      hasRest: false,
      fields,
    });
    decode();
    this.#open.pop();
  }

  enterField(name: string | number): void {
    this.#open.push({
      name: String(name),
      object: this.#top.object,
      reads: [],
      hasRest: false,
      fields: [],
    });
  }

  exitField(): void {
    const { name, object, reads, hasRest, fields: inner } = this.#open.pop() as Open;
    if (Array.isArray(object)) {
      this.#top.reads.push(...reads); // how many there are: the items themselves are none among zeros
      return;
    }
    const isList = Array.isArray(object[name]);
    const fields = isList ? [] : inner;
    const kind = fields.length > 0 ? 'struct' : kindOf(object[name]);
    const isPrefixed = kind === 'list' || (reads.length > 1 && !hasRest);
    const extent = hasRest ? 'rest' : isPrefixed ? 'prefixed' : 'fixed';
    const size = fields.reduce((sum, field) => sum + field.size, reads[0] ?? 0);
    this.#top.fields.push({ name, kind, size, extent, fields });
  }

  readView(size: number, decode: (view: DataView, position: number) => number): number {
    this.#top.reads.push(size);
    return decode(new DataView(new ArrayBuffer(size)), 0);
  }

  bytes(size: number): Uint8Array {
    this.#top.reads.push(size);
    return new Uint8Array(size);
  }

  byte(): number {
    this.#top.reads.push(1);
    return 0;
  }

  get leftBytes(): number {
    this.#top.hasRest = true;
    return 0;
  }

  isEnd(): boolean {
    return true;
  }

  err(reason: unknown): Error {
    return new Error(`this layout cannot be read back: ${String(reason)}`);
  }
}

function kindOf(value: unknown): Field['kind'] {
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'name';
  if (typeof value === 'object' && value !== null) return 'flags';
  throw new TypeError(`a layout holds no ${typeof value}`);
}

/**
 * The fields of a struct coder, in their order.
 * @throws Error for a coder whose zeros are no valid value, or that looks at anything but what it reads
 */
export function fieldsOf(coder: P.CoderType<unknown>): readonly Field[] {
  const root: Open = { name: '', object: {}, reads: [], hasRest: false, fields: [] };
  coder.decodeStream(
    new TracingReader(root) as unknown as Parameters<typeof coder.decodeStream>[0],
  );
  return root.fields;
}
