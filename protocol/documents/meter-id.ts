/** The number of a meter: vendor and model as four characters, then the serial number (domain.md 1.1, bytes 6 to 13). */

export const METER_ID_SIZE = 8;
const MODEL_SIZE = 4;

export interface MeterId {
  /** Vendor and model: four characters of 0-9 and A-Z. */
  readonly model: string;
  /** 0 to 4,294,967,295. */
  readonly serial: number;
}

/**
 * The eight bytes of a meter id: the model in ASCII, the serial number as u32, little-endian.
 * @throws RangeError for another model or serial number than {@link MeterId} allows
 */
export function encodeMeterId({ model, serial }: MeterId): Uint8Array {
  if (!/^[0-9A-Z]{4}$/.test(model))
    throw new RangeError('a model has four characters of 0-9 and A-Z');
  if (!Number.isInteger(serial) || serial < 0 || serial > 0xffff_ffff)
    throw new RangeError('a serial number is a whole number from 0 to 4294967295');
  const bytes = new Uint8Array(METER_ID_SIZE);
  for (let i = 0; i < MODEL_SIZE; i++) bytes[i] = model.charCodeAt(i);
  new DataView(bytes.buffer).setUint32(MODEL_SIZE, serial, true);
  return bytes;
}

/** Reads a meter id; undefined where the bytes are none, as the zeros of a meter that was not made yet. */
export function decodeMeterId(bytes: Uint8Array): MeterId | undefined {
  if (bytes.length !== METER_ID_SIZE) return undefined;
  const model = String.fromCharCode(...bytes.subarray(0, MODEL_SIZE));
  if (!/^[0-9A-Z]{4}$/.test(model)) return undefined;
  const serial = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MODEL_SIZE, true);
  return { model, serial };
}

/** Writes a meter id as people read it, `TS01-0000000042`; bytes that are none are written in hex. */
export function formatMeterId(bytes: Uint8Array): string {
  const id = decodeMeterId(bytes);
  if (id === undefined)
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${id.model}-${String(id.serial).padStart(10, '0')}`;
}

/** Reads what {@link formatMeterId} writes; undefined for any other text. */
export function parseMeterId(text: string): Uint8Array | undefined {
  const match = /^([0-9A-Z]{4})-([0-9]{10})$/.exec(text);
  if (match === null) return undefined;
  const serial = Number(match[2]);
  return serial > 0xffff_ffff ? undefined : encodeMeterId({ model: match[1] as string, serial });
}
