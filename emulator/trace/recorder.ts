/** Records what passes between a board and its image: a processor that tells every call on to a sink (docs/trace.md). */

import type { Flash } from '#hw/flash';
import type { Hardware } from '#hw/hardware';
import { equalBytes } from '#protocol/bytes';
import { IMAGE_HEADER_SIZE, imageHeaderDocument } from '#protocol/documents/image-header';
import type { ClockSource } from '../clock.ts';
import type { Cpu, RunningImage } from '../cpu/cpu.ts';
import type { Word } from '../cpu/hardware-calls.ts';
import type { FlashDevice, FlashGeometry } from '../flash.ts';
import { PowerLost } from '../power.ts';
import { isOpen, isQuiet } from './calls.ts';
import {
  type BoardAtBoot,
  type HardwareCallEvent,
  type Moment,
  type Outcome,
  type Part,
  type SlotsAtBoot,
  secret,
  type TraceSink,
} from './event.ts';
import { type AnyCall, wrapped } from './hardware-wrapper.ts';
import { createEavesdropper } from './overheard.ts';
import { QuietCalls } from './quiet-calls.ts';
import { ShadowFlash } from './shadow-flash.ts';

/** The parts of a board that the recorder asks besides: neither is changed by it. */
export interface RecordedParts {
  readonly flash: Pick<FlashDevice, 'contents'>;
  readonly clock: Pick<ClockSource, 'nowMs' | 'monotonicMs'>;
}

/** The same processor, recorded. It takes no snapshots: a trace begins where power comes on. */
export function recordedCpu(cpu: Cpu, parts: RecordedParts, sink: TraceSink): Cpu {
  const recorder = new Recorder(parts, sink);
  return {
    name: cpu.name,
    bytecodeEngine: cpu.bytecodeEngine,
    restore: undefined,
    boot: (program, hardware) => {
      recorder.beginBoot(cpu.name, hardware);
      const heard = wrapped(hardware, (path, call, given) => recorder.call(path, call, given));
      return recorder.running(recorder.turn(() => cpu.boot(program, heard)));
    },
  };
}

function slotsOf({ imageStore }: Hardware): SlotsAtBoot | undefined {
  if (imageStore === undefined) return undefined;
  const { running, isOnTrial, spare } = imageStore;
  return { running, isOnTrial, geometry: geometryOf(spare) };
}

const geometryOf = ({ size, sectorSize, programUnit }: Flash): FlashGeometry => ({
  size,
  sectorSize,
  programUnit,
});

class Recorder {
  readonly #parts: RecordedParts;
  readonly #sink: TraceSink;
  readonly #shadow = new ShadowFlash();
  readonly #quiet = new QuietCalls();
  #listen = createEavesdropper();
  /** Whether what the image does counts: not after its power is gone, when engines differ in how soon they stop. */
  #counts = false;

  constructor(parts: RecordedParts, sink: TraceSink) {
    this.#parts = parts;
    this.#sink = sink;
  }

  beginBoot(processor: string, hardware: Hardware): void {
    const geometry = geometryOf(hardware.flash);
    this.#shadow.open(geometry);
    const header = imageHeaderDocument.read(
      new Uint8Array(hardware.image.read(0, IMAGE_HEADER_SIZE)),
    );
    if (!header.ok) throw new Error('a board boots no image without a header');
    const { bodyDigest, imageVersion, bodyForm } = header.value;
    const board: BoardAtBoot = {
      digest: Buffer.from(bodyDigest).toString('hex'),
      imageVersion,
      form: bodyForm,
      processor,
      geometry,
      hasCryptoEngine: hardware.cryptoEngine !== undefined,
      imageStore: slotsOf(hardware),
      deviceSecret: secret(new Uint8Array(hardware.fuses.deviceSecret())),
      flash: this.#shadow.catchUp(this.#parts.flash.contents()),
    };
    this.#listen = createEavesdropper();
    this.#sink({ kind: 'boot', moment: this.#moment(), board });
  }

  running(image: RunningImage): RunningImage {
    let isRunning = true;
    return {
      receive: (port, data) => {
        const bytes = new Uint8Array(data).slice();
        this.#sink({ kind: 'receive', moment: this.#moment(), port, bytes });
        this.turn(() => image.receive(port, data));
      },
      tick: () => {
        this.#sink({ kind: 'tick', moment: this.#moment() });
        this.turn(() => image.tick());
      },
      get algorithms() {
        return image.algorithms;
      },
      get machine() {
        return image.machine;
      },
      kill: () => {
        if (isRunning) this.#sink({ kind: 'stop' });
        isRunning = false;
        this.#counts = false;
        image.kill();
      },
    };
  }

  /** Runs the image until it returns. */
  turn<T>(action: () => T): T {
    this.#counts = true;
    let error: string | undefined;
    try {
      return action();
    } catch (cause) {
      if (this.#counts) error = textOf(cause);
      throw cause;
    } finally {
      this.#counts = false;
      this.#sink({ kind: 'end', error, quiet: this.#quiet.end() });
    }
  }

  /** Performs a call of the image and tells of it. */
  call(path: string, call: AnyCall, given: readonly unknown[]): Word {
    if (!this.#counts) return call(...given);
    return isQuiet(path) ? this.#quietCall(path, call, given) : this.#keptCall(path, call, given);
  }

  #quietCall(path: string, call: AnyCall, given: readonly unknown[]): Word {
    try {
      const answer = call(...given);
      this.#quiet.add(path, given, answer);
      const text = this.#listen(path, given, answer);
      if (text !== undefined) this.#sink({ kind: 'heard', text });
      return answer;
    } catch (error) {
      if (error instanceof PowerLost) {
        if (this.#counts) this.#sink({ kind: 'cut', quietCalls: this.#quiet.sinceEvent });
        this.#counts = false;
      } else this.#quiet.add(path, given, undefined);
      throw error;
    }
  }

  #keptCall(path: string, call: AnyCall, given: readonly unknown[]): Word {
    const toPart = (word: unknown): Part => partOf(path, word);
    // Before the call: the image may wipe or use its buffer again, and the board has its own copy.
    const parts = given.map(toPart);
    try {
      const answer = call(...given);
      this.#tell({
        kind: 'call',
        path,
        given: parts,
        outcome: this.#answered(path, given, answer),
      });
      return answer;
    } catch (error) {
      const { name, message } = error as Error;
      this.#tell({ kind: 'call', path, given: parts, outcome: { error: name, message } });
      if (error instanceof PowerLost) this.#counts = false;
      throw error;
    }
  }

  #answered(path: string, given: readonly unknown[], answer: Word): Outcome {
    if (answer === undefined) return { answer };
    if (path === 'flash.read') {
      const [offset, length] = given as [number, number];
      const bytes = new Uint8Array(answer as ArrayBuffer);
      if (equalBytes(bytes, this.#shadow.read(offset, length))) return { answer: 'stored' };
    }
    return { answer: partOf(path, answer) };
  }

  #tell(event: HardwareCallEvent): void {
    if (!this.#counts) return; // the switch went off within it
    this.#quiet.sinceEvent = 0;
    this.#shadow.follow(event);
    this.#sink(event);
  }

  #moment(): Moment {
    const { clock } = this.#parts;
    return { timeMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }
}

/** Numbers as they are; bytes by where they go. */
function partOf(path: string, word: unknown): Part {
  if (typeof word === 'number') return word;
  const bytes = new Uint8Array(word as ArrayBuffer).slice();
  return isOpen(path) ? bytes : secret(bytes);
}

/** An error of another realm is none of ours: only its text is looked at. */
const textOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'message' in cause
    ? String(cause.message)
    : String(cause);
