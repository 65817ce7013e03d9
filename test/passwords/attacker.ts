/**
 * Somebody with a meter, the key of its host and the plug of its power in hand, who guesses (requirements.md A4; domain.md R47). What
 * is judged is seen where it cannot be denied: at the crypto engine, which makes a key of each password that is tried.
 */

import { createBoard } from '#emulator/board';
import { createManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import type { FlashDevice } from '#emulator/flash';
import { type ImageFile, loadImage } from '#emulator/image-file';
import type { Hardware } from '#hw/hardware';
import { noiseOf } from '#test/cuts/meter/noise';
import { createRecall, type Recall } from '#test/cuts/meter/recall';
import { createWarmProcessor } from '#test/cuts/meter/warm-processor';
import { TEST_TIME_MS } from '#test/support/board';
import { passwords } from '#test/support/meter';
import { type RawHost, rawHost, requestWith } from '#test/support/raw-host';

/** requirements.md A4: wrong passwords in a row before a role is locked out. */
const TRIES_MAX = 10;

export type Guess = 'wrong' | 'right';

/** What became of a guess. `silent`: power was lost before the answer. */
export type Said = 'ok' | 'passwordWrong' | 'passwordDelayed' | 'lockedOut' | 'silent';

export interface Attacker extends AsyncDisposable {
  readonly flash: FlashDevice;
  /** Milliseconds. */
  wait(durationMs: number): void;
  /** Off and on again. */
  powerCycle(): void;
  /** Tries a password; power that was lost comes back, and the meter is asked no more. */
  guess(what: Guess): { readonly said: Said; readonly detail: number };
  /** Wrong passwords in a row that were judged; power that was lost while a right one was judged ends the row. */
  readonly judged: number;
  /** How long the meter owes to wait since it was switched on or gave its last verdict, at least; milliseconds. */
  readonly owedMs: number;
  /** What must never be: a guess judged beyond the limit, or before its delay was over. */
  readonly violations: readonly string[];
}

export interface AttackerOptions {
  readonly flash: FlashDevice;
  readonly seed: number;
  readonly image?: ImageFile;
}

const WRONG = (): Uint8Array => new TextEncoder().encode('not the password');
const requestOf = (password: Uint8Array): Uint8Array =>
  requestWith('logIn', Uint8Array.of(password.length, ...password));

const delayMs = (tries: number): number => (2 ** tries - 1) * 1000;

/** One for all: evaluating the image takes longer than a guess. */
const processors = new Map<Uint8Array, Cpu>();

function processorOf({ image }: ImageFile): Cpu {
  const known = processors.get(image) ?? createWarmProcessor(recallAllButPasswords());
  processors.set(image, known);
  return known;
}

/** Each key of a password is made anew, so that each guess is heard. */
function recallAllButPasswords(): Recall {
  const recall = createRecall();
  return {
    ask: (question, compute) =>
      String(question[0]).startsWith('stretch') ? compute() : recall.ask(question, compute),
  };
}

const builtImage = loadImage();

export function createAttacker(options: AttackerOptions): Attacker {
  const { flash, seed, image = builtImage } = options;
  const clock = createManualClock(TEST_TIME_MS);
  const violations: string[] = [];
  let guessed: Guess = 'wrong';
  let judged = 0;
  let sinceMs = 0;
  /** Whether there is a session, which goes on as long as power does. */
  let isOpen = false;

  /** A password became a key: from here on a guess counts. */
  function hear(): void {
    const waitedMs = clock.monotonicMs() - sinceMs;
    if (judged >= TRIES_MAX) violations.push(`guess ${judged + 1} is judged`);
    if (judged > 0 && waitedMs < delayMs(judged))
      violations.push(`after ${judged} a guess is judged ${waitedMs} ms later`);
    judged = guessed === 'wrong' ? judged + 1 : 0;
    sinceMs = clock.monotonicMs();
  }

  const inner = processorOf(image);
  const cpu: Cpu = {
    ...inner,
    boot(program, hardware) {
      sinceMs = clock.monotonicMs();
      isOpen = false;
      return inner.boot(program, heard(hardware, hear));
    },
  };
  const board = createBoard({
    ...image,
    deviceSecret: new Uint8Array(32).fill(0x5e),
    entropy: noiseOf(seed),
    flash,
    clock,
    cpu,
  });
  const host = rawHost(board);

  /** Until it stays on: a cut that is armed may strike while it comes up. */
  function powerOn(): void {
    while (!board.isPowered) board.powerOn();
  }

  powerOn();
  return {
    flash,
    violations,
    get judged() {
      return judged;
    },
    get owedMs() {
      return judged === 0 ? 0 : Math.max(0, sinceMs + delayMs(judged) - clock.monotonicMs());
    },
    wait: (durationMs) => clock.advance(durationMs),
    powerCycle() {
      board.powerOff();
      powerOn();
    },
    guess(what) {
      guessed = what;
      const said = ask(host, isOpen, what === 'wrong' ? WRONG() : passwords.user());
      isOpen = said.said !== 'silent' && said.said !== 'ok'; // who is in would have to log out first
      if (!board.isPowered) powerOn();
      return said;
    },
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}

function heard(hardware: Hardware, hear: () => void): Hardware {
  const { cryptoEngine } = hardware;
  if (cryptoEngine === undefined) return hardware;
  const isKnownAnswer = (iterations: number): boolean => iterations < 1000;
  return {
    ...hardware,
    cryptoEngine: {
      ...cryptoEngine,
      stretch(password, salt, iterations) {
        if (!isKnownAnswer(iterations)) hear();
        return cryptoEngine.stretch(password, salt, iterations);
      },
    },
  };
}

function ask(host: RawHost, isOpen: boolean, password: Uint8Array) {
  const silent = { said: 'silent', detail: 0 } as const;
  if (!isOpen && !isOpened(host)) return silent;
  const reply = host.sealed(requestOf(password));
  if (reply === undefined || reply.kind !== 'sealed') return silent;
  const view = new DataView(reply.payload.buffer, reply.payload.byteOffset);
  const detail = reply.payload.length >= 10 ? view.getUint32(4, true) : 0;
  return { said: reply.status as Said, detail };
}

/** False where power is lost on the way. */
function isOpened(host: RawHost): boolean {
  try {
    host.openSession('user');
    return true;
  } catch (error) {
    if ((error as Error).message.endsWith('is answered by undefined')) return false;
    throw error;
  }
}
