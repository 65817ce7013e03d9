/** The two slots for images of a board: flash of their own, made when something is first written (requirements.md H2). */

import { createMemoryFlash, type FlashDevice, type FlashGeometry } from './flash.ts';

/** As hw/image-store.ts counts them; 0 is the fixed place. */
export type SlotNumber = 1 | 2;
export const slotNumbers: readonly SlotNumber[] = [1, 2];

/** 384 KiB: a label and the image in each of its forms. */
export const SLOT_GEOMETRY: FlashGeometry = {
  size: 96 * 4096,
  sectorSize: 4096,
  programUnit: 16,
};

export interface ImageSlots {
  readonly geometry: FlashGeometry;
  /** Undefined while nothing was ever written to it. */
  find(slot: SlotNumber): FlashDevice | undefined;
  /** The same, made blank where it is not there yet. */
  open(slot: SlotNumber): FlashDevice;
  close(): void;
}

/** @param open opens what is there, or makes a blank one */
export function createImageSlots(
  open: (slot: SlotNumber) => FlashDevice,
  exists: (slot: SlotNumber) => boolean,
  geometry = SLOT_GEOMETRY,
): ImageSlots {
  const opened = new Map<SlotNumber, FlashDevice>();
  const slots: ImageSlots = {
    geometry,
    find: (slot) => opened.get(slot) ?? (exists(slot) ? slots.open(slot) : undefined),
    open(slot) {
      const flash = opened.get(slot) ?? open(slot);
      opened.set(slot, flash);
      return flash;
    },
    close() {
      for (const flash of opened.values()) flash.close();
      opened.clear();
    },
  };
  return slots;
}

/** Slots that forget everything when the process ends. @param given parts that are there already */
export function memoryImageSlots(
  given: Readonly<Partial<Record<SlotNumber, FlashDevice>>> = {},
): ImageSlots {
  return createImageSlots(
    (slot) => given[slot] ?? createMemoryFlash({ geometry: SLOT_GEOMETRY }),
    (slot) => given[slot] !== undefined,
  );
}
