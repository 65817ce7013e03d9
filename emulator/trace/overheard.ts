/**
 * What sealed records say, as far as it is no secret: which command, and which status. Heard at the crypto engine of a
 * board that has one, where records are opened and sealed (protocol/record.ts).
 */

import { equalBytes, joinBytes } from '#protocol/bytes';
import { commandName } from '#protocol/command';
import { RECORD_ASSOCIATED } from '#protocol/record';
import { stateNames } from '#protocol/state';
import { statusName } from '#protocol/status';
import type { Word } from '../cpu/hardware-calls.ts';

/** Of a request the command is the first byte; a response begins with command, status and state. */
const HEAD_SIZE = 4;

interface Record {
  readonly direction: 'request' | 'response';
  isRecord: boolean;
  head: Uint8Array;
}

/** @returns told each call of the crypto engine after it was answered, gives a text when a record was whole */
export function createEavesdropper() {
  let record: Record | undefined;

  return (path: string, given: readonly unknown[], answer: Word): string | undefined => {
    switch (path) {
      case 'cryptoEngine.openBegin':
        record = { direction: 'request', isRecord: false, head: new Uint8Array(0) };
        return undefined;
      case 'cryptoEngine.sealBegin':
        record = { direction: 'response', isRecord: false, head: new Uint8Array(0) };
        return undefined;
      case 'cryptoEngine.cipherAssociated':
        if (record !== undefined)
          record.isRecord = equalBytes(new Uint8Array(given[0] as ArrayBuffer), RECORD_ASSOCIATED);
        return undefined;
      case 'cryptoEngine.cipherUpdate': {
        if (record?.isRecord !== true) return undefined;
        const plain = record.direction === 'request' ? answer : given[0];
        record.head = joinBytes(record.head, new Uint8Array(plain as ArrayBuffer)).slice(
          0,
          HEAD_SIZE,
        );
        return undefined;
      }
      case 'cryptoEngine.openEnd':
      case 'cryptoEngine.sealEnd': {
        const whole = record;
        record = undefined;
        return whole?.isRecord === true ? said(whole, answer) : undefined;
      }
      default:
        return undefined;
    }
  };
}

function said({ direction, head }: Record, answer: Word): string {
  if (direction === 'request')
    return answer === 1 ? `request ${nameOf(head[0])}` : 'request that does not open';
  const status = (head[1] as number) | ((head[2] as number) << 8);
  return `response ${nameOf(head[0])} ${statusName(status) ?? status} ${stateNames[head[3] as number] ?? head[3]}`;
}

const nameOf = (code: number | undefined): string =>
  (code === undefined ? undefined : commandName(code)) ?? `command ${code ?? 'of no byte'}`;
