/**
 * A desk for jobs: a real meter whose board and line can fail, a virtual printer that can fail, and the person who sees
 * to both, looks at the paper and decides.
 */

import { labelPrinter } from '#driver/batch/label-printer';
import type { PiecePrinter } from '#driver/batch/piece-printing';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { createBitmap } from '#driver/print/bitmap';
import { openPrinter } from '#driver/print/printer';
import { printerProfiles } from '#driver/print/printer-profile';
import { connectMemory } from '#emulator/ports/memory';
import { startVirtualPrinter, type VirtualPrinter } from '#emulator/printer/virtual-printer';
import {
  authorityKeys,
  hostKeys,
  meterAt,
  meterId,
  passwords,
  type TestMeter,
} from '#test/support/meter';

export const METER = 'TS01-0000000042';
const ROW_SIZE = 64;
/** Two rows of the indicium, and a black bar below, so that a label can be torn anywhere. */
const LABEL_ROWS = 12;

/** When the line to the meter is pulled; counted in frames of this connection. */
export interface LinePlan {
  readonly atSend: number;
  /** Whether the frame still arrives, and only what answers it is lost. */
  readonly arrives: boolean;
}

export interface Desk extends AsyncDisposable {
  readonly device: TestMeter;
  readonly paper: VirtualPrinter;
  /** A session with the user logged in, over a line that ends when the board loses power. */
  meter(): Promise<{ readonly meter: Meter; planLine(plan: LinePlan): void }>;
  /** The printer of a job; the function closes it and waits until the paper does not move any more. */
  printer(): Promise<{ readonly printer: PiecePrinter; close(): Promise<void> }>;
  /** How often each indicium, in hex, is whole on paper. */
  readonly labels: ReadonlyMap<string, number>;
}

export async function openDesk(): Promise<Desk> {
  await using opening = new AsyncDisposableStack();
  const device = opening.use(await meterAt('refilled'));
  const paper = opening.use(await startVirtualPrinter());
  const labels = new Map<string, number>();
  paper.on('page', ({ dots, heightDots, widthDots }) => {
    const stride = Math.ceil(widthDots / 8);
    const row = (y: number): Uint8Array => dots.subarray(y * stride, y * stride + ROW_SIZE);
    const bars = Array.from({ length: LABEL_ROWS - 2 }, (_, y) => row(y + 2));
    if (heightDots < LABEL_ROWS || bars.some((bar) => bar.some((byte) => byte !== 0xff))) return;
    const hex = Buffer.concat([row(0), row(1)]).toString('hex');
    labels.set(hex, (labels.get(hex) ?? 0) + 1);
  });
  const meters = opening.use(new AsyncDisposableStack());
  const owned = opening.move();
  return {
    device,
    paper,
    labels,
    async meter() {
      device.board.powerOn();
      const line = frailLine(device);
      const trust = { authorityKey: authorityKeys.publicKey, meterId };
      const options = { identity: hostKeys.user, role: 'user', trust } as const;
      const meter = meters.use(await openMeter(memoryLink(line.end), options));
      await meter.logIn(passwords.user());
      return { meter, planLine: line.plan };
    },
    printer: () => deskPrinter(paper),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A line that can be pulled, and that goes away with the power of the board. */
function frailLine({ board }: TestMeter) {
  const inner = connectMemory(board);
  let planned: LinePlan | undefined;
  let sends = 0;
  let isOpen = true;
  let closed: (reason: Error | undefined) => void = () => undefined;
  function unplug(): void {
    if (isOpen) closed(new Error('unplugged'));
    isOpen = false;
  }
  return {
    plan(plan: LinePlan) {
      planned = plan;
      sends = 0;
    },
    end: {
      send(bytes: Uint8Array) {
        if (!isOpen) return;
        sends += 1;
        const isPulled = sends === planned?.atSend;
        if (isPulled) isOpen = false;
        if (!isPulled || planned?.arrives === true) inner.send(bytes);
        if (isPulled) closed(new Error('pulled'));
        else if (!board.isPowered) unplug();
      },
      onData: (listener: (bytes: Uint8Array) => void) =>
        void inner.onData((bytes) => {
          if (isOpen) listener(bytes);
        }),
      onClose(listener: (reason: Error | undefined) => void) {
        closed = listener;
      },
      close: () => inner.close(),
    },
  };
}

/** Labels that hold the indicium as two rows of dots: quickly composed, and read from the paper exactly. */
async function deskPrinter(paper: VirtualPrinter) {
  const profile = printerProfiles['epson-80mm'];
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const forget = paper.on('connection', ({ state }) => {
    if (state === 'closed') resolve();
  });
  const timeouts = { confirmMs: 150, statusMs: 150 };
  const line = await openPrinter(paper.address, profile, { timeouts });
  const printer = labelPrinter(line, {
    profile,
    label: { returnAddress: [] },
    compose(_, indicium) {
      const bitmap = createBitmap(ROW_SIZE * 8, LABEL_ROWS);
      bitmap.data.fill(0xff);
      bitmap.data.set(indicium);
      return bitmap;
    },
  });
  return {
    printer,
    async close() {
      await line.close();
      await left;
      forget();
    },
  };
}

/** A list of so many pieces, each of its own postage. */
export function listOf(pieces: number): AsyncIterable<Uint8Array> {
  const rows = Array.from(
    { length: pieces },
    (_, at) => `piece ${at},9,0.${200 + (at % 50)},20260,20260301`,
  );
  return bytesOf(`reference,service,postage,destination,mailing date\n${rows.join('\n')}\n`);
}

/** A text as a file gives it. */
export async function* bytesOf(
  text: string | Uint8Array,
  size = 4_096,
): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function everyOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}
