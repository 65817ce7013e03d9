/** The end of power as the firmware meets it: every hardware call throws this and changes nothing (hw/hardware.ts). */

/** Thrown by a hardware call after power failed, was switched off, or the board was reset. */
export class PowerLost extends Error {
  override readonly name = 'PowerLost';

  constructor(message = 'power is gone') {
    super(message);
  }
}
