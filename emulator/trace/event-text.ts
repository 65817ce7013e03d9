/** Events in words, for whoever reads of a step. */

import { stateNames } from '#protocol/state';
import { isSecret, type Part, type TraceEvent } from './event.ts';

/** Bytes that are shown of more. */
const SHOWN = 48;

export function eventText(event: TraceEvent): string {
  switch (event.kind) {
    case 'boot':
      return `power-up of image ${event.board.digest.slice(0, 16)} on ${event.board.processor}`;
    case 'receive':
      return `${event.bytes.length} bytes arrive on port ${event.port}: ${bytesText(event.bytes)}`;
    case 'tick':
      return 'tick';
    case 'call':
      return `${callText(event.path, event.given)}${outcomeText(event.outcome)}`;
    case 'end': {
      if (event.error !== undefined) return `the image throws: ${event.error}`;
      return event.quiet === undefined || event.quiet === ''
        ? 'the image returns'
        : `the image returns, digest of its quiet calls ${event.quiet}`;
    }
    case 'cut':
      return `power is gone, ${event.quietCalls} quiet calls later`;
    case 'stop':
      return 'the image is stopped';
    case 'heard':
      return `sealed ${event.text}`;
    case 'note':
      return event.text;
  }
}

export function callText(path: string, given: readonly Part[]): string {
  const [state] = given;
  if (path === 'indicator.show' && typeof state === 'number')
    return `indicator.show(${stateNames[state] ?? state})`;
  return `${path}(${given.map(partText).join(', ')})`;
}

function outcomeText(outcome: Extract<TraceEvent, { readonly kind: 'call' }>['outcome']): string {
  if ('error' in outcome) return ` fails: ${outcome.error}`;
  return outcome.answer === undefined ? '' : ` = ${partText(outcome.answer)}`;
}

function partText(part: Part): string {
  if (typeof part === 'number' || part === 'stored') return String(part);
  if (!isSecret(part)) return bytesText(part);
  return part.bytes === undefined ? `(${part.size} bytes redacted)` : bytesText(part.bytes);
}

function bytesText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, SHOWN)).toString('hex');
  return bytes.length > SHOWN ? `${hex}… (${bytes.length} bytes)` : hex;
}
