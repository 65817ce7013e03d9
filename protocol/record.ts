/**
 * The record layer: what a session sends, sealed with AES-256-GCM in strict order (requirements.md F2; reliability.md
 * section 3). docs/channel.md section 6 is the specification.
 *
 * A record carries no header: both sides count. So a record that is lost, repeated, moved or cut fails like a forged one,
 * and what fails ends the session. Keys are replaced by count, which both sides see, and by time, which only the sender
 * sees: the receiver tries the next keys where the present ones do not fit.
 */

import { ascii, joinBytes, wipe } from './bytes.ts';
import { type Crypto, GCM_TAG_SIZE } from './crypto.ts';
import type { SessionKeys } from './handshake.ts';
import { expandKey } from './kdf.ts';
import { MESSAGE_SIZE_MAX } from './message.ts';

/** Bytes of plaintext in a record. */
export const RECORD_PLAINTEXT_MAX = MESSAGE_SIZE_MAX - GCM_TAG_SIZE;

/** How much one key is used, each direction for itself. */
export interface EpochLimits {
  /** The same on both sides, 1 to 2^32 - 1. */
  readonly records: number;
  /** No record is sealed under a key that is older. */
  readonly ageMs: number;
}

const EPOCH_LIMITS: EpochLimits = { records: 2 ** 20, ageMs: 3_600_000 };

const KEY_SIZE = 32;
const EPOCH_MAX = 0xffff_ffff;
const BY_COUNT = 'PMA1 rekey';
const BY_TIME = 'PMA1 rekey time';
/** Associated data of every record, by which one is told from all else that is sealed. */
export const RECORD_ASSOCIATED = ascii('PMA1 record');

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
 * @param ticksMs milliseconds since any fixed moment; never goes back
 */
export function createRecordLayer(
  crypto: Crypto,
  keys: SessionKeys,
  ticksMs: () => number,
  limits: EpochLimits = EPOCH_LIMITS,
): RecordLayer {
  const common = { crypto, ticksMs, recordsPerEpoch: limits.records };
  const sending = createDirection(common, keys.send, keys.sendRekey);
  const receiving = createDirection(common, keys.receive, keys.receiveRekey);
  let isOpen = true;

  function end(): void {
    isOpen = false;
    sending.wipe();
    receiving.wipe();
  }

  /** Under the present key; else under the one that a sender whose time was up has gone on to. */
  function openNext(record: Uint8Array): Uint8Array | undefined {
    if (record.length < GCM_TAG_SIZE || record.length > MESSAGE_SIZE_MAX) return undefined;
    const plaintext = crypto.open(receiving.key, receiving.nonce(), RECORD_ASSOCIATED, record);
    if (plaintext !== undefined) return plaintext;
    receiving.rekeyByTime();
    return crypto.open(receiving.key, receiving.nonce(), RECORD_ASSOCIATED, record);
  }

  return {
    get isOpen() {
      return isOpen;
    },
    seal(plaintext) {
      if (!isOpen) throw new Error('the session has ended');
      if (plaintext.length > RECORD_PLAINTEXT_MAX)
        throw new RangeError(`a record holds ${RECORD_PLAINTEXT_MAX} bytes at most`);
      if (sending.ageMs() >= limits.ageMs) sending.rekeyByTime();
      const record = crypto.seal(sending.key, sending.nonce(), RECORD_ASSOCIATED, plaintext);
      sending.advance();
      return record;
    },
    open(record) {
      if (!isOpen) return undefined;
      const plaintext = openNext(record);
      if (plaintext === undefined) end();
      else receiving.advance();
      return plaintext;
    },
    wipe: end,
  };
}

interface Common {
  readonly crypto: Crypto;
  readonly ticksMs: () => number;
  readonly recordsPerEpoch: number;
}

/** One direction: its key, and where it has got to. */
function createDirection(
  { crypto, ticksMs, recordsPerEpoch }: Common,
  key: Uint8Array,
  rekeySecret: Uint8Array,
) {
  let epoch = 0;
  let sequence = 0;
  let sinceMs = ticksMs();

  /** The key of the next epoch takes the place of this one, which nobody can compute backwards. */
  function rekey(label: string, ...context: readonly Uint8Array[]): void {
    if (epoch === EPOCH_MAX) throw new Error('the session has used up its keys');
    epoch += 1;
    sequence = 0;
    sinceMs = ticksMs();
    const place = joinBytes(u32(epoch), ...context);
    const next = expandKey(crypto, rekeySecret, label, place, 2 * KEY_SIZE);
    key.set(next.subarray(0, KEY_SIZE));
    rekeySecret.set(next.subarray(KEY_SIZE));
    wipe(next);
  }

  return {
    key,
    ageMs: (): number => ticksMs() - sinceMs,
    /** epoch u32 LE ‖ sequence u64 LE, of which the upper half is always 0. */
    nonce(): Uint8Array {
      return joinBytes(u32(epoch), u64(sequence));
    },
    advance(): void {
      sequence += 1;
      if (sequence === recordsPerEpoch) rekey(BY_COUNT);
    },
    /** The keys depend on how many records there were, so that none of them can be held back unnoticed. */
    rekeyByTime(): void {
      rekey(BY_TIME, u64(sequence));
    },
    wipe(): void {
      wipe(key, rekeySecret);
    },
  };
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function u64(value: number): Uint8Array {
  return joinBytes(u32(value), new Uint8Array(4));
}
