/**
 * The record layer: what a session sends, sealed with AES-256-GCM in strict order (requirements.md F2; reliability.md
 * section 3). docs/link.md section 5 is the specification.
 *
 * A record carries no header: both sides count. So a record that is lost, repeated, moved or cut fails like a forged one,
 * and what fails ends the session.
 */

import { ascii, wipe } from './bytes.ts';
import { type Crypto, GCM_NONCE_SIZE, GCM_TAG_SIZE } from './crypto.ts';
import type { SessionKeys } from './handshake.ts';
import { expandKey } from './kdf.ts';
import { MESSAGE_SIZE_MAX } from './message.ts';

/** Bytes of plaintext in a record. */
export const RECORD_PLAINTEXT_MAX = MESSAGE_SIZE_MAX - GCM_TAG_SIZE;
/** Records under one key, each direction for itself. */
const RECORDS_PER_EPOCH = 2 ** 20;

const KEY_SIZE = 32;
const EPOCH_MAX = 0xffff_ffff;
const ASSOCIATED = ascii('PMA1 record');

export interface RecordLayer {
  /** False after a record that could not be opened, and after {@link RecordLayer.wipe}. */
  readonly isOpen: boolean;
  /**
   * @param plaintext at most 16,368 bytes
   * @throws RangeError for a larger one, Error where the layer is not open
   */
  seal(plaintext: Uint8Array): Uint8Array;
  /** The plaintext of the next record; undefined where it is not the next record, and ever after. */
  open(record: Uint8Array): Uint8Array | undefined;
  /** Ends the session on this side; may be called again. */
  wipe(): void;
}

/**
 * @param keys become the layer's own, which wipes them
 * @param recordsPerEpoch must be the same on both sides, 1 to 2^32 - 1
 */
export function createRecordLayer(
  crypto: Crypto,
  keys: SessionKeys,
  recordsPerEpoch: number = RECORDS_PER_EPOCH,
): RecordLayer {
  const sending = createDirection(crypto, keys.send, keys.sendRekey, recordsPerEpoch);
  const receiving = createDirection(crypto, keys.receive, keys.receiveRekey, recordsPerEpoch);
  let isOpen = true;

  function end(): void {
    isOpen = false;
    sending.wipe();
    receiving.wipe();
  }

  return {
    get isOpen() {
      return isOpen;
    },
    seal(plaintext) {
      if (!isOpen) throw new Error('the session has ended');
      if (plaintext.length > RECORD_PLAINTEXT_MAX)
        throw new RangeError(`a record holds ${RECORD_PLAINTEXT_MAX} bytes at most`);
      const record = crypto.seal(sending.key, sending.nonce(), ASSOCIATED, plaintext);
      sending.advance();
      return record;
    },
    open(record) {
      if (!isOpen) return undefined;
      const plaintext =
        record.length < GCM_TAG_SIZE || record.length > MESSAGE_SIZE_MAX
          ? undefined
          : crypto.open(receiving.key, receiving.nonce(), ASSOCIATED, record);
      if (plaintext === undefined) end();
      else receiving.advance();
      return plaintext;
    },
    wipe: end,
  };
}

/** One direction: its key, and where it has got to. */
function createDirection(
  crypto: Crypto,
  key: Uint8Array,
  rekeySecret: Uint8Array,
  recordsPerEpoch: number,
) {
  let epoch = 0;
  let sequence = 0;

  /** The key of the next epoch takes the place of this one, which nobody can compute backwards. */
  function rekey(): void {
    if (epoch === EPOCH_MAX) throw new Error('the session has used up its keys');
    epoch += 1;
    sequence = 0;
    const next = expandKey(crypto, rekeySecret, 'PMA1 rekey', u32(epoch), 2 * KEY_SIZE);
    key.set(next.subarray(0, KEY_SIZE));
    rekeySecret.set(next.subarray(KEY_SIZE));
    wipe(next);
  }

  return {
    key,
    /** epoch u32 LE ‖ sequence u64 LE, of which the upper half is always 0. */
    nonce(): Uint8Array {
      const nonce = new Uint8Array(GCM_NONCE_SIZE);
      nonce.set(u32(epoch), 0);
      nonce.set(u32(sequence), 4);
      return nonce;
    },
    advance(): void {
      sequence += 1;
      if (sequence === recordsPerEpoch) rekey();
    },
    wipe(): void {
      wipe(key, rekeySecret);
    },
  };
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
