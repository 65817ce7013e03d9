/** One event as one line of JSON, and back (docs/trace.md). */

import { bodyForms } from '#protocol/documents/image-header';
import { checkGeometry } from '../flash.ts';
import {
  type BoardAtBoot,
  isSecret,
  type Moment,
  type Outcome,
  type Part,
  type Patch,
  type Secret,
  type SlotsAtBoot,
  type TraceEvent,
} from './event.ts';

/** A line that is none of a trace. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

export function encodeEvent(event: TraceEvent): string {
  return JSON.stringify(valuesOf(event));
}

function valuesOf(event: TraceEvent): unknown[] {
  switch (event.kind) {
    case 'boot': {
      const { deviceSecret, flash, ...board } = event.board;
      const patches = flash.map(({ offset, data }) => [offset, secretValue(data)]);
      const told = { ...board, deviceSecret: secretValue(deviceSecret), flash: patches };
      return ['boot', ...momentValues(event.moment), told];
    }
    case 'receive':
      return ['receive', ...momentValues(event.moment), event.port, hexOf(event.bytes)];
    case 'tick':
      return ['tick', ...momentValues(event.moment)];
    case 'call': {
      const { path, given, outcome } = event;
      return ['call', path, given.map(partValue), ...outcomeValues(outcome)];
    }
    case 'end': {
      const { quiet, error } = event;
      if (error !== undefined) return ['end', quiet ?? null, error];
      return quiet === undefined ? ['end'] : ['end', quiet];
    }
    case 'cut':
      return ['cut', event.quietCalls];
    case 'stop':
      return ['stop'];
    case 'heard':
    case 'note':
      return [event.kind, event.text];
  }
}

const momentValues = ({ timeMs, monotonicMs }: Moment): number[] => [timeMs, monotonicMs];
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** `{ secret: hex }`, or how many bytes there were. */
const secretValue = ({ size, bytes }: Secret): { secret: string | number } => ({
  secret: bytes === undefined ? size : hexOf(bytes),
});

function partValue(part: Part): unknown {
  if (isSecret(part)) return secretValue(part);
  return part instanceof Uint8Array ? hexOf(part) : part;
}

function outcomeValues(outcome: Outcome): unknown[] {
  if ('error' in outcome) return [{ throws: outcome.error, message: outcome.message }];
  return outcome.answer === undefined ? [] : [partValue(outcome.answer)];
}

/** @throws LineError for a line that {@link encodeEvent} does not write */
export function decodeEvent(line: string): TraceEvent {
  const [kind, ...values] = parsedList(line);
  switch (kind) {
    case 'boot':
      sized(values, 3);
      return { kind, moment: momentOf(values), board: boardOf(values[2]) };
    case 'receive':
      sized(values, 4);
      return {
        kind,
        moment: momentOf(values),
        port: whole(values[2]),
        bytes: bytesOf(values[3]),
      };
    case 'tick':
      sized(values, 2);
      return { kind, moment: momentOf(values) };
    case 'call': {
      sized(values, 2, 3);
      const [path, given, answer] = values;
      if (!Array.isArray(given)) throw new LineError('a call has a list of what it was given');
      return { kind, path: text(path), given: given.map(partOf), outcome: outcomeOf(answer) };
    }
    case 'end': {
      sized(values, 0, 2);
      const [quiet, error] = values;
      return {
        kind,
        quiet: quiet === undefined || quiet === null ? undefined : hexText(quiet),
        error: error === undefined ? undefined : text(error),
      };
    }
    case 'cut':
      sized(values, 1);
      return { kind, quietCalls: whole(values[0]) };
    case 'stop':
      sized(values, 0);
      return { kind };
    case 'heard':
    case 'note':
      sized(values, 1);
      return { kind, text: text(values[0]) };
    default:
      throw new LineError(`no event is called ${JSON.stringify(kind)}`);
  }
}

function parsedList(line: string): unknown[] {
  const value = parsed(line);
  if (!Array.isArray(value)) throw new LineError('an event is a list');
  return value;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new LineError('an event is a line of JSON');
  }
}

function sized(values: readonly unknown[], min: number, max = min): void {
  if (values.length < min || values.length > max)
    throw new LineError(`an event of this kind has ${min} to ${max} values, not ${values.length}`);
}

function whole(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new LineError(`${JSON.stringify(value)} is no whole number`);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new LineError(`${JSON.stringify(value)} is no text`);
}

function hexText(value: unknown): string {
  const hex = text(value);
  if (/^(?:[0-9a-f]{2})*$/.test(hex)) return hex;
  throw new LineError('bytes are written in hex');
}

const bytesOf = (value: unknown): Uint8Array => Uint8Array.from(Buffer.from(hexText(value), 'hex'));

function momentOf([timeMs, monotonicMs]: readonly unknown[]): Moment {
  return { timeMs: whole(timeMs), monotonicMs: whole(monotonicMs) };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new LineError(`${JSON.stringify(value)} is no object`);
}

function secretOf(value: unknown): Secret {
  const kept = recordOf(value)['secret'];
  if (typeof kept === 'number') return { size: whole(kept), bytes: undefined };
  const bytes = bytesOf(kept);
  return { size: bytes.length, bytes };
}

function partOf(value: unknown): Part {
  if (typeof value === 'number') return value;
  if (value === 'stored') return value;
  return typeof value === 'string' ? bytesOf(value) : secretOf(value);
}

function outcomeOf(value: unknown): Outcome {
  const isThrown = typeof value === 'object' && value !== null && 'throws' in value;
  if (!isThrown) return { answer: value === undefined ? undefined : partOf(value) };
  const { throws, message } = recordOf(value);
  return { error: text(throws), message: text(message) };
}

function boardOf(value: unknown): BoardAtBoot {
  const { digest, imageVersion, form, processor, geometry, hasCryptoEngine, ...rest } =
    recordOf(value);
  const { imageStore, deviceSecret, flash } = rest;
  const bodyForm = bodyForms.find((name) => name === form);
  if (bodyForm === undefined) throw new LineError('an image has a form of its body');
  if (typeof hasCryptoEngine !== 'boolean') throw new LineError('a crypto engine is there or not');
  if (!Array.isArray(flash)) throw new LineError('flash is a list of patches');
  return {
    digest: hexText(digest),
    imageVersion: whole(imageVersion),
    form: bodyForm,
    processor: text(processor),
    geometry: geometryOf(geometry),
    hasCryptoEngine,
    imageStore: imageStore === undefined ? undefined : slotsOf(imageStore),
    deviceSecret: secretOf(deviceSecret),
    flash: flash.map(patchOf),
  };
}

function slotsOf(value: unknown): SlotsAtBoot {
  const { running, isOnTrial, geometry } = recordOf(value);
  return {
    running: whole(running),
    isOnTrial: whole(isOnTrial),
    geometry: geometryOf(geometry),
  };
}

function geometryOf(value: unknown): BoardAtBoot['geometry'] {
  const { size, sectorSize, programUnit } = recordOf(value);
  const geometry = {
    size: whole(size),
    sectorSize: whole(sectorSize),
    programUnit: whole(programUnit),
  };
  try {
    checkGeometry(geometry);
  } catch (error) {
    throw new LineError((error as Error).message);
  }
  return geometry;
}

function patchOf(value: unknown): Patch {
  if (!Array.isArray(value) || value.length !== 2)
    throw new LineError('a patch is an offset and what is there');
  return { offset: whole(value[0]), data: secretOf(value[1]) };
}
