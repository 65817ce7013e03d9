/** The lines of a board that treat portions of bytes badly: lose, double, flip, delay them, and cut them into bytes. */

import type { Board } from '../board.ts';
import { type Seeded, seeded } from '../flash/seeded.ts';
import { checkPort, PORT_COUNT } from '../power-cycle.ts';
import type { MeterLines } from '../usb/meter-device.ts';

export const lineDirections = ['toMeter', 'fromMeter', 'both'] as const;
export type LineDirection = (typeof lineDirections)[number];

/** How a bad line treats what it carries: each is a chance in a hundred, drawn for each portion in this order. */
export interface Roughness {
  readonly drop: number;
  /** One bit of the portion turns round. */
  readonly flip: number;
  readonly double: number;
  readonly delay: number;
  /** How late a delayed one comes, in milliseconds of this computer, as the driver's time-outs are. */
  readonly delayMs: number;
  /** Byte by byte. */
  readonly split: number;
  readonly direction: LineDirection;
  readonly seed: number;
  /** So many portions, and the line is well again. */
  readonly portions: number;
}

export const lineFaultNames = ['dropped', 'flipped', 'doubled', 'delayed', 'split'] as const;
export type LineCounts = Readonly<Record<(typeof lineFaultNames)[number], number>>;

/** A portion as it went over a port, after its faults; what was dropped is none. */
export type Overheard = (
  direction: 'toMeter' | 'fromMeter',
  port: number,
  bytes: Uint8Array,
) => void;

export interface RoughLines extends MeterLines {
  /** Replaces what the port had before. @param port 0 to 15 */
  roughen(port: number, roughness: Roughness): void;
  /** All is well from now on at this port. */
  mend(port: number): void;
  /** What has happened at a port so far. */
  counts(port: number): LineCounts;
  /** What was to come late is lost. */
  forget(): void;
  close(): void;
}

interface Port {
  readonly listeners: Set<(bytes: Uint8Array) => void>;
  roughness: Roughness | undefined;
  random: Seeded;
  portionsLeft: number;
  readonly counts: { -readonly [Name in keyof LineCounts]: number };
}

const freshPort = (): Port => ({
  listeners: new Set(),
  roughness: undefined,
  random: seeded(0),
  portionsLeft: 0,
  counts: { dropped: 0, flipped: 0, doubled: 0, delayed: 0, split: 0 },
});

export function createRoughLines(board: Board, overhear: Overheard): RoughLines {
  const ports = Array.from({ length: PORT_COUNT }, freshPort);
  const late = new Set<NodeJS.Timeout>();
  const ends = ports.map(({ listeners }, number) =>
    board.onSend(number, (bytes) =>
      carry('fromMeter', number, bytes, (part) => {
        for (const listener of listeners) listener(part);
      }),
    ),
  );
  function portOf(number: number): Port {
    checkPort(number);
    return ports[number] as Port;
  }
  function carry(
    direction: 'toMeter' | 'fromMeter',
    number: number,
    bytes: Uint8Array,
    deliver: (bytes: Uint8Array) => void,
  ): void {
    const { parts, delayMs } = fateOf(portOf(number), direction, bytes);
    const arrive = (): void => {
      for (const part of parts) {
        overhear(direction, number, part);
        deliver(part);
      }
    };
    if (delayMs === 0) {
      arrive();
      return;
    }
    const timer = setTimeout(() => {
      late.delete(timer);
      arrive();
    }, delayMs).unref();
    late.add(timer);
  }
  function forget(): void {
    for (const timer of late) clearTimeout(timer);
    late.clear();
  }
  return {
    receive: (number, bytes) =>
      carry('toMeter', number, bytes, (part) => board.receive(number, part)),
    onSend(number, listener) {
      const { listeners } = portOf(number);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onRun: (listener) => board.onRun(listener),
    get isRunning() {
      return board.isRunning;
    },
    roughen(number, roughness) {
      const port = portOf(number);
      port.roughness = roughness;
      port.random = seeded(roughness.seed);
      port.portionsLeft = roughness.portions;
    },
    mend(number) {
      portOf(number).roughness = undefined;
    },
    counts: (number) => ({ ...portOf(number).counts }),
    forget,
    close() {
      forget();
      for (const end of ends) end();
    },
  };
}

/** What arrives of a portion, and how late. */
function fateOf(
  port: Port,
  direction: 'toMeter' | 'fromMeter',
  bytes: Uint8Array,
): { readonly parts: readonly Uint8Array[]; readonly delayMs: number } {
  const { roughness, random, counts } = port;
  const isMeant =
    roughness !== undefined &&
    port.portionsLeft > 0 &&
    bytes.length > 0 &&
    (roughness.direction === 'both' || roughness.direction === direction);
  if (!isMeant) return { parts: [bytes], delayMs: 0 };
  port.portionsLeft -= 1;
  const happens = (percent: number, name: keyof LineCounts): boolean => {
    const is = random.below(100) < percent;
    if (is) counts[name] += 1;
    return is;
  };
  if (happens(roughness.drop, 'dropped')) return { parts: [], delayMs: 0 };
  let parts: Uint8Array[] = [bytes];
  if (happens(roughness.flip, 'flipped')) {
    const at = random.below(bytes.length);
    parts = [Uint8Array.from(bytes).with(at, (bytes[at] as number) ^ (1 << random.below(8)))];
  }
  if (happens(roughness.double, 'doubled')) parts = [...parts, ...parts];
  const delayMs = happens(roughness.delay, 'delayed') ? roughness.delayMs : 0;
  if (happens(roughness.split, 'split'))
    parts = parts.flatMap((part) => Array.from(part, (byte) => Uint8Array.of(byte)));
  return { parts, delayMs };
}
