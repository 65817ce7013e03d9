/** The versions that the image tells about itself. */

/** major << 16 | minor << 8 | patch; the boot ROM and the indicium carry it. */
export const IMAGE_VERSION = 0x00_01_00;

/** Grows when an older image must never run again; the boot ROM refuses to go back. */
export const SECURITY_VERSION = 1;

/** Version of frames, messages, handshake and command table together. */
export const PROTOCOL_VERSION = 2;
