/** CRC-32 of ISO-HDLC (polynomial 0x04C11DB7 reflected, as in Ethernet and zlib): finds what a line damages by accident. */

const POLYNOMIAL_REFLECTED = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let remainder = index;
  for (let bit = 0; bit < 8; bit++)
    remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL_REFLECTED : 0);
  return remainder;
});

/**
 * @param end where to stop, so that a checksum behind the data need not be cut off first
 * @returns 0 to 2^32 - 1; 0xCBF43926 for the ASCII digits 1 to 9
 */
export function crc32(bytes: Uint8Array, end: number = bytes.length): number {
  let remainder = 0xffffffff;
  for (let at = 0; at < end; at++)
    remainder = (remainder >>> 8) ^ (table[(remainder ^ (bytes[at] as number)) & 0xff] as number);
  return ~remainder >>> 0;
}
