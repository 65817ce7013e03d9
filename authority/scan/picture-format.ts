/**
 * Recognises a picture file by its first bytes and reads its size, before a decoder is let at it.
 */

export interface PictureFormat {
  readonly format: 'PNG' | 'JPEG' | 'BMP' | 'GIF';
  readonly width: number;
  readonly height: number;
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The format and size of a PNG, JPEG, BMP or GIF; `undefined` for anything else and for a header that is cut off. */
export function recognisePicture(bytes: Uint8Array): PictureFormat | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (begins(bytes, PNG_SIGNATURE) && bytes.length >= 24) {
    return { format: 'PNG', width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (begins(bytes, [0xff, 0xd8, 0xff])) return jpegFormat(view);
  if (begins(bytes, ascii('BM')) && bytes.length >= 26) {
    const height = Math.abs(view.getInt32(22, true));
    return { format: 'BMP', width: view.getUint32(18, true), height };
  }
  if (begins(bytes, ascii('GIF8')) && bytes.length >= 10) {
    return { format: 'GIF', width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  return undefined;
}

/** What a file that is no such picture seems to be, for whoever took the wrong one. */
export function nameOtherFile(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'it is empty';
  if (begins(bytes, ascii('%PDF'))) return 'it is a PDF';
  const isTiff = begins(bytes, [0x49, 0x49, 0x2a, 0]) || begins(bytes, [0x4d, 0x4d, 0, 0x2a]);
  if (isTiff) return 'it is a TIFF';
  if (begins(bytes, ascii('RIFF')) && begins(bytes.subarray(8), ascii('WEBP')))
    return 'it is a WebP';
  return undefined;
}

/** Follows the segments of a JPEG (ITU-T T.81 annex B) to the frame header, which holds the size. */
function jpegFormat(view: DataView): PictureFormat | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (isStartOfFrame(marker)) {
      return { format: 'JPEG', height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Start of scan (ITU-T T.81 B.2.3); inside coded data FF is always followed by 00. Each scan decodes the whole picture. */
export function countJpegScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1))
    if (bytes[at + 1] === 0xda) scans += 1;
  return scans;
}

/** SOF0 to SOF15, without the tables and the arithmetic extension that share the range. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function begins(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}
