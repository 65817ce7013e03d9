/** The hardware of a replay: it answers out of the trace, and notices what was not asked when it was recorded. */

import type { Hardware } from '#hw/hardware';
import type { Word } from '../cpu/hardware-calls.ts';
import { createCryptoEngine } from '../crypto-engine.ts';
import { PowerLost } from '../power.ts';
import { isEffect, isQuiet } from './calls.ts';
import {
  type BoardAtBoot,
  type HardwareCallEvent,
  isSecret,
  type Outcome,
  type Part,
  type TraceEvent,
  type TurnStart,
} from './event.ts';
import { callText } from './event-text.ts';
import { type AnyCall, wrapped } from './hardware-wrapper.ts';
import { areVersions } from './own-words.ts';
import { QuietCalls } from './quiet-calls.ts';
import type { ReplayedImage } from './replayed-image.ts';
import { ShadowFlash } from './shadow-flash.ts';

/**
 * `calls`: every call must be the same, byte for byte, those of the crypto engine included; for the image that was
 * recorded · `effects`: what can be seen from outside must be the same, in its order; for another image.
 */
export type ReplayMode = 'calls' | 'effects';

/** Where a replay has got to. */
export interface TraceReader {
  readonly events: readonly TraceEvent[];
  readonly mode: ReplayMode;
  /** The event that comes next. */
  at: number;
  /** Ends the image, between two calls. */
  kill(): void;
  /** The next event is not what the image does. */
  diverge(expected: TraceEvent | undefined, found: string): void;
}

export class TraceHardware {
  readonly #reader: TraceReader;
  readonly #image: ReplayedImage;
  readonly #shadow = new ShadowFlash();
  #quiet = new QuietCalls();
  /** Queries that were answered out of their order, in a replay of effects. */
  readonly #answered = new Set<number>();
  #clock = { nowMs: 0, ticksMs: 0 };
  #isTriggered = 0;
  /** No power any more: nothing the image asks counts. */
  #isDead = true;

  constructor(reader: TraceReader, image: ReplayedImage) {
    this.#reader = reader;
    this.#image = image;
  }

  /** The hardware for one power cycle. */
  powerOn(board: BoardAtBoot): Hardware {
    this.#shadow.open(board.geometry);
    this.#shadow.patch(board.flash);
    this.#clock.ticksMs = 0;
    const recorded = (): never => {
      throw new Error('this call is answered out of the trace');
    };
    const { image, imageKey } = this.#image;
    const deviceSecret = board.deviceSecret.bytes ?? new Uint8Array(0);
    const chip = { read: recorded, program: recorded, erase: recorded, sync: recorded };
    const { imageStore } = board;
    const hardware: Hardware = {
      flash: { ...board.geometry, ...chip },
      entropy: { read: recorded },
      clock: { nowMs: recorded, ticksMs: recorded, set: recorded },
      tamper: { isTriggered: recorded },
      indicator: { show: recorded },
      watchdog: { feed: recorded },
      fuses: {
        deviceSecret: () => deviceSecret.slice().buffer as ArrayBuffer,
        imageKey: () => imageKey.slice().buffer as ArrayBuffer,
      },
      image: {
        size: image.length,
        read: (offset, length) => image.slice(offset, offset + length).buffer as ArrayBuffer,
      },
      ports: { send: recorded },
      cryptoEngine: board.hasCryptoEngine ? createCryptoEngine() : undefined,
      imageStore: imageStore && {
        running: imageStore.running,
        isOnTrial: imageStore.isOnTrial,
        spare: { ...imageStore.geometry, ...chip },
        confirm: recorded,
      },
      reset: recorded,
    };
    return wrapped(hardware, (path, call, given) => this.#call(path, call, given));
  }

  beginTurn({ moment }: TurnStart): void {
    this.#isDead = false;
    this.#clock.nowMs = moment.timeMs;
    this.#answered.clear();
    this.#quiet = new QuietCalls();
  }

  /** The image has returned, or thrown what is no end of power. */
  endTurn(error: string | undefined): void {
    const wasDead = this.#isDead;
    if (!wasDead) this.#skipQueries();
    const event = this.#next();
    if (!wasDead && event?.kind === 'stop') this.#isDead = true;
    const found = error === undefined ? 'the image returns' : `the image throws: ${error}`;
    if (this.#isDead) {
      // What the image does without power is nobody's concern.
      if (event?.kind === 'stop') {
        this.#reader.at += 1;
        this.#reader.kill();
      }
      const end = this.#next();
      if (end?.kind === 'end') this.#reader.at += 1;
      else this.#reader.diverge(end, found);
      return;
    }
    const isEnd = event?.kind === 'end' && (event.error === undefined) === (error === undefined);
    if (!isEnd) {
      this.#reader.diverge(event, found);
      return;
    }
    const quiet = this.#quiet.end();
    if (this.#reader.mode === 'calls' && event.quiet !== undefined && event.quiet !== quiet)
      this.#reader.diverge(event, `the image returns, digest of its quiet calls ${quiet}`);
    else this.#reader.at += 1;
  }

  #call(path: string, call: AnyCall, given: readonly unknown[]): Word {
    if (this.#isDead) throw new PowerLost();
    return isQuiet(path) ? this.#quietCall(path, call, given) : this.#keptCall(path, given);
  }

  #quietCall(path: string, call: AnyCall, given: readonly unknown[]): Word {
    const event = this.#next();
    const isCut = event?.kind === 'cut' && event.quietCalls === this.#quiet.sinceEvent;
    if (isCut || event?.kind === 'stop') {
      if (isCut) this.#reader.at += 1;
      this.#isDead = true;
      throw new PowerLost();
    }
    try {
      const answer = call(...given);
      this.#quiet.add(path, given, answer);
      return answer;
    } catch (error) {
      this.#quiet.add(path, given, undefined);
      throw error;
    }
  }

  #keptCall(path: string, given: readonly unknown[]): Word {
    if (this.#reader.mode === 'effects' && !isEffect(path)) return this.#query(path, given);
    if (this.#reader.mode === 'effects') this.#skipQueries();
    const event = this.#next();
    if (event?.kind === 'stop') this.#isDead = true;
    if (this.#isDead) throw new PowerLost();
    if (
      event?.kind !== 'call' ||
      !(isSameCall(event, path, given) || this.#isVersion(event, path, given))
    ) {
      this.#reader.diverge(
        event,
        `${callText(path, given.map(shownPart))}${firstOther(event, path, given)}`,
      );
      this.#isDead = true;
      throw new PowerLost();
    }
    this.#reader.at += 1;
    this.#quiet.sinceEvent = 0;
    return this.#outcome(event);
  }

  #isVersion(event: HardwareCallEvent, path: string, [port, data]: readonly unknown[]): boolean {
    const [recordedPort, recorded] = event.given;
    return (
      this.#reader.mode === 'effects' &&
      path === 'ports.send' &&
      event.path === path &&
      port === recordedPort &&
      recorded instanceof Uint8Array &&
      areVersions(recorded, new Uint8Array(data as ArrayBuffer))
    );
  }

  /** Answers as the same question was answered before the next effect, else out of what is known. */
  #query(path: string, given: readonly unknown[]): Word {
    const { events, at: start } = this.#reader;
    for (let at = start; at < events.length; at += 1) {
      const event = events[at];
      if (event?.kind === 'heard' || event?.kind === 'note') continue;
      if (event?.kind !== 'call' || isEffect(event.path)) break;
      if (this.#answered.has(at) || !isSameCall(event, path, given)) continue;
      this.#answered.add(at);
      return this.#outcome(event);
    }
    switch (path) {
      case 'flash.read':
        return bufferOf(this.#shadow.read(given[0] as number, given[1] as number));
      case 'clock.nowMs':
        return this.#clock.nowMs;
      case 'clock.ticksMs':
        return this.#clock.ticksMs;
      case 'tamper.isTriggered':
        return this.#isTriggered;
      default:
        return undefined;
    }
  }

  /** In a replay of effects: what was asked, and is not asked by this image, is passed over. */
  #skipQueries(): void {
    if (this.#reader.mode === 'calls') return;
    for (let event = this.#next(); event?.kind === 'call'; event = this.#next()) {
      if (isEffect(event.path)) return;
      const { at } = this.#reader;
      this.#reader.at += 1;
      if (this.#answered.delete(at)) continue;
      this.#learn(event);
      if ('error' in event.outcome && event.outcome.error === 'PowerLost') this.#isDead = true;
    }
  }

  /** The next event that is replayed. */
  #next(): TraceEvent | undefined {
    const { events } = this.#reader;
    for (;;) {
      const event = events[this.#reader.at];
      if (event?.kind !== 'heard' && event?.kind !== 'note') return event;
      this.#reader.at += 1;
    }
  }

  #outcome(event: HardwareCallEvent): Word {
    this.#learn(event);
    const { outcome, given } = event;
    if ('answer' in outcome) return wordOf(outcome, this.#shadow, given);
    if (outcome.error !== 'PowerLost')
      throw Object.assign(new Error(outcome.message), { name: outcome.error });
    this.#isDead = true;
    throw new PowerLost();
  }

  #learn(event: HardwareCallEvent): void {
    this.#shadow.follow(event);
    const { path, outcome } = event;
    if (!('answer' in outcome) || typeof outcome.answer !== 'number') return;
    if (path === 'clock.nowMs') this.#clock.nowMs = outcome.answer;
    if (path === 'clock.ticksMs') this.#clock.ticksMs = outcome.answer;
    if (path === 'tamper.isTriggered') this.#isTriggered = outcome.answer;
  }
}

function isSameCall({ path, given }: HardwareCallEvent, asked: string, words: readonly unknown[]) {
  return (
    path === asked &&
    given.length === words.length &&
    given.every((part, place) => isSamePart(part, words[place]))
  );
}

function isSamePart(part: Part, word: unknown): boolean {
  if (typeof part === 'number' || typeof word === 'number') return Object.is(part, word);
  const bytes = isSecret(part) ? part.bytes : part;
  if (!(bytes instanceof Uint8Array)) return false;
  return Buffer.compare(bytes, new Uint8Array(word as ArrayBuffer)) === 0;
}

function wordOf(
  { answer }: Extract<Outcome, { readonly answer: unknown }>,
  shadow: ShadowFlash,
  given: readonly Part[],
): Word {
  if (typeof answer === 'number' || answer === undefined) return answer;
  if (answer === 'stored') return bufferOf(shadow.read(given[0] as number, given[1] as number));
  return bufferOf((isSecret(answer) ? answer.bytes : answer) ?? new Uint8Array(0));
}

/** Where long bytes of the same call differ, since only their beginning is shown. */
function firstOther(
  event: TraceEvent | undefined,
  path: string,
  words: readonly unknown[],
): string {
  if (event?.kind !== 'call' || event.path !== path) return '';
  for (const [place, part] of event.given.entries()) {
    const expected = isSecret(part) ? part.bytes : part;
    const word = words[place];
    if (!(expected instanceof Uint8Array) || typeof word === 'number') continue;
    const found = new Uint8Array(word as ArrayBuffer);
    const at = found.findIndex((byte, offset) => byte !== expected[offset]);
    if (at >= 0 || found.length !== expected.length)
      return `, other from byte ${at < 0 ? found.length : at} on`;
  }
  return '';
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

const shownPart = (word: unknown): Part =>
  typeof word === 'number' ? word : new Uint8Array(word as ArrayBuffer);
