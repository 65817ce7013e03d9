/**
 * A board's state as one file: magic number, version of its form, digest, and the state in JSON, compressed (requirements.md
 * H4; docs/control.md). It holds the secrets of the board, as the directory of an emulated board does.
 */

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib';
import { equalBytes } from '#protocol/bytes';
import { ShapeError } from '#protocol/http/shape';
import { type BoardState, StateError } from './board-state.ts';
import { stateFromJson, stateToJson } from './state-shape.ts';

const MAGIC = Buffer.from('TSSTATE\n', 'latin1');
/** Grows when an older program could not read a state any more; a newer one brings older ones up to date. */
export const STATE_VERSION = 2;
/** Magic, version, digest of what follows. */
const HEAD_SIZE = 8 + 2 + 32;
/** What a state may become when it is unpacked: far more than any, and less than would hurt. */
const JSON_SIZE_MAX = 1 << 28;
/** Values in it: each stands behind `[`, `{` or `,`, and bytes in base64 have none of them. */
const VALUES_MAX = 1 << 22;
const LEVEL = 3;

const unpack = promisify(zstdDecompress);

export function encodeState(state: BoardState): Uint8Array {
  const json = Buffer.from(JSON.stringify(stateToJson(state)));
  const body = zstdCompressSync(json, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const head = Buffer.alloc(HEAD_SIZE);
  MAGIC.copy(head);
  head.writeUInt16BE(STATE_VERSION, MAGIC.length);
  digestOf(body).copy(head, MAGIC.length + 2);
  return Buffer.concat([head, body]);
}

/** @throws StateError where it is damaged, no state, or of a newer version */
export async function decodeState(file: Uint8Array): Promise<BoardState> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < HEAD_SIZE || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw damaged('it does not begin as one');
  const version = bytes.readUInt16BE(MAGIC.length);
  if (version > STATE_VERSION)
    throw new StateError(
      'stateOfNewerVersion',
      `The state has version ${version}, and this program reads up to ${STATE_VERSION}.`,
    );
  if (version === 0) throw damaged('no state has version 0');
  const body = bytes.subarray(HEAD_SIZE);
  if (!equalBytes(digestOf(body), bytes.subarray(MAGIC.length + 2, HEAD_SIZE)))
    throw damaged('its digest is another');
  try {
    const json = await unpack(body, { maxOutputLength: JSON_SIZE_MAX });
    checkValues(json);
    return stateFromJson(JSON.parse(json.toString('utf8')));
  } catch (cause) {
    if (cause instanceof ShapeError || cause instanceof RangeError)
      throw damaged(cause.message, cause);
    throw damaged('it cannot be unpacked', cause);
  }
}

/** What is small when it is packed may take minutes and all memory to parse. @throws RangeError */
function checkValues(json: Uint8Array): void {
  let left = VALUES_MAX;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte !== 0x5b && byte !== 0x7b && byte !== 0x2c) continue;
    if (left === 0) throw new RangeError(`it has more than ${VALUES_MAX} values`);
    left -= 1;
  }
}

function damaged(why: string, cause?: unknown): StateError {
  const error = new StateError('stateDamaged', `That is no state of a board: ${why}.`);
  error.cause = cause;
  return error;
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
