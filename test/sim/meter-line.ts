/** The line between a simulated host and its meter: frames take their time, and can be lost, doubled, delayed, flipped, split. */

import { LinkError } from '#driver/errors';
import { type Link, linkListeners } from '#driver/link/link';
import type { Faults } from './faults.ts';
import type { Host } from './host.ts';
import { type Random, randomOf } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a bad line treats frames: probabilities from 0 to 1, of each in turn. */
export interface Roughness {
  readonly dropped: number;
  readonly doubled: number;
  readonly delayed: number;
  readonly flipped: number;
  readonly split: number;
}

export interface MeterLine {
  /** Opens the line for a host; whoever had it open has lost it. @throws LinkError while it is unplugged */
  open(host: Host): Link;
  /** From the device to whoever has the line open. */
  fromDevice(bytes: Uint8Array): void;
  /** Treats so many frames badly, whatever their direction. */
  roughen(frames: number, roughness: Roughness, seed: number): void;
  /** Pulls the plug behind so many frames, the last of which still arrives, and puts it back after a time. */
  unplugAfter(frames: number, durationMs: number): void;
  /** Everything is well from now on, and frames that were delayed are lost. */
  mend(): void;
}

export interface LineOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly toDevice: (bytes: Uint8Array) => void;
}

/** A frame of 1 KiB on a fast serial line. */
const LATENCY_MS = 2;
/** Longer than the driver waits for an answer, at most. */
const DELAY_MS_MAX = 4_000;

export function createMeterLine({ name, time, trace, faults, toDevice }: LineOptions): MeterLine {
  let current: { hear(bytes: Uint8Array): void; close(reason: Error): void } | undefined;
  let isPlugged = true;
  let rough: { framesLeft: number; readonly ways: Roughness; readonly random: Random } | undefined;
  let generation = 0;
  let pull: { framesLeft: number; readonly durationMs: number } | undefined;

  function unplug(durationMs: number): void {
    faults.count('unplugged');
    trace.note(`${name} unplugged`);
    pull = undefined;
    isPlugged = false;
    const out = current;
    current = undefined;
    out?.close(new Error('unplugged'));
    time.after(durationMs, () => {
      isPlugged = true;
    });
  }

  function carry(direction: '>' | '<', bytes: Uint8Array): void {
    trace.note(`${name} ${direction}`, bytes);
    if (!isPlugged) return;
    schedule(direction, bytes);
    if (pull === undefined) return;
    pull.framesLeft -= 1;
    if (pull.framesLeft <= 0) unplug(pull.durationMs);
  }

  function schedule(direction: '>' | '<', bytes: Uint8Array): void {
    for (const { delayMs, parts } of fatesOf(bytes)) {
      const sent = generation;
      time.after(LATENCY_MS + delayMs, () => {
        if (sent !== generation) return;
        for (const part of parts)
          if (direction === '>') toDevice(part);
          else current?.hear(part);
      });
    }
  }

  /** What arrives of a frame, and how late. */
  function fatesOf(bytes: Uint8Array): { delayMs: number; parts: Uint8Array[] }[] {
    const whole = { delayMs: 0, parts: [bytes] };
    if (rough === undefined || rough.framesLeft === 0) return [whole];
    rough.framesLeft -= 1;
    const { ways, random } = rough;
    if (random.chance(ways.dropped)) {
      faults.count('frameDropped');
      return [];
    }
    let { delayMs, parts } = whole;
    if (random.chance(ways.flipped)) {
      faults.count('frameFlipped');
      const at = random.below(bytes.length);
      parts = [bytes.with(at, (bytes[at] as number) ^ (1 << random.below(8)))];
    }
    if (random.chance(ways.split)) {
      faults.count('frameSplit');
      const at = random.below(bytes.length);
      parts = parts.flatMap((part) => [part.slice(0, at), part.slice(at)]);
    }
    if (random.chance(ways.delayed)) {
      faults.count('frameDelayed');
      delayMs = random.below(DELAY_MS_MAX);
    }
    if (!random.chance(ways.doubled)) return [{ delayMs, parts }];
    faults.count('frameDoubled');
    return [
      { delayMs, parts },
      { delayMs: random.below(DELAY_MS_MAX), parts },
    ];
  }

  return {
    open(host) {
      if (!isPlugged) throw noDevice(name);
      current?.close(new Error('somebody else opened the line'));
      const listeners = linkListeners();
      const mine = {
        hear: (bytes: Uint8Array) => {
          if (host.hears()) listeners.data(bytes);
        },
        close: (reason: Error) => {
          if (host.hears()) listeners.closed(reason);
        },
      };
      current = mine;
      return {
        address: `sim:${name}`,
        send: (bytes) =>
          host.step(() => {
            if (listeners.isClosed) throw new Error('the link is closed');
            carry('>', bytes.slice());
          }),
        onData: listeners.onData,
        onClose: listeners.onClose,
        async close() {
          if (current === mine) current = undefined;
          listeners.closed(undefined);
        },
      };
    },
    fromDevice: (bytes) => carry('<', bytes),
    roughen(frames, ways, seed) {
      rough = { framesLeft: frames, ways, random: randomOf(seed) };
    },
    unplugAfter(frames, durationMs) {
      if (frames === 0) unplug(durationMs);
      else pull = { framesLeft: frames, durationMs };
    },
    mend() {
      rough = undefined;
      pull = undefined;
      isPlugged = true;
      generation += 1;
    },
  };
}

function noDevice(name: string): LinkError {
  return new LinkError({
    stage: 'open',
    address: `sim:${name}`,
    what: 'there is no such device',
    advice: 'Plug it in.',
  });
}
