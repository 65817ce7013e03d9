/** One whole update as it happens where nothing fails, with a picture of the board before each program and erase (docs/update.md). */

import { updateImage } from '#driver/update';
import { createMemoryFlash, type FlashDevice, type FlashSnapshot } from '#emulator/flash';
import { memoryImageSlots, SLOT_GEOMETRY } from '#emulator/image-slots';
import { createSecurityFuse } from '#emulator/security-fuse';
import type { Registers } from '#protocol/command-layouts';
import { flashAt, knownCertified } from '#test/support/meter';
import { NEW, OLD, release, updatable, updatableParts } from '#test/support/update';

/** `main` has registers and keys, the other two the images. */
export const chipNames = ['main', 'a', 'b'] as const;
export type ChipName = (typeof chipNames)[number];

/** What a board keeps while it is off. */
export type Chips = Readonly<Record<ChipName, FlashDevice>>;
export interface Picture {
  readonly chips: Readonly<Record<ChipName, FlashSnapshot>>;
  readonly fuse: number;
}

export interface Operation {
  readonly chip: ChipName;
  readonly offset: number;
  /** What is programmed; undefined for an erase. */
  readonly data: Uint8Array | undefined;
  readonly before: Picture;
}

export interface Rehearsal {
  /** The image that is updated, which its maker put on the board. */
  readonly image: Uint8Array;
  readonly chips: Chips;
  readonly operations: readonly Operation[];
  /** The place of the commit: what is cut before it leaves the old image, what is cut behind it the new one. */
  readonly commit: number;
  readonly registers: Registers;
}

/** The mark that makes a loaded image count: behind the header in the label. */
const COMMIT_OFFSET = 128;

async function makeChips(): Promise<Chips> {
  const slot = (): FlashDevice => createMemoryFlash({ geometry: SLOT_GEOMETRY });
  const contents = (await flashAt('refilled')).contents();
  return { main: createMemoryFlash({ contents }), a: slot(), b: slot() };
}

/** The parts of a board on these chips; `on` sees every program and erase before it happens. */
export async function partsOn(
  { chips, image }: Pick<Rehearsal, 'chips' | 'image'>,
  fuse: number,
  on: (operation: Operation) => void,
) {
  const securityFuse = createSecurityFuse(fuse);
  const picture = (): Picture => ({ chips: pictureOf(chips), fuse: securityFuse.value });
  const watched = (name: ChipName): FlashDevice =>
    watch(chips[name], (offset, data) => on({ chip: name, offset, data, before: picture() }));
  const imageSlots = memoryImageSlots({ 1: watched('a'), 2: watched('b') });
  const flash = knownCertified(watched('main'));
  return updatableParts({ flash, imageSlots, securityFuse, image });
}

export function restore(chips: Chips, picture: Picture): void {
  for (const name of chipNames) chips[name].restore(picture.chips[name]);
}

const pictureOf = (chips: Chips): Picture['chips'] => ({
  main: chips.main.snapshot(),
  a: chips.a.snapshot(),
  b: chips.b.snapshot(),
});

function watch(
  flash: FlashDevice,
  on: (offset: number, data: Uint8Array | undefined) => void,
): FlashDevice {
  return new Proxy(flash, {
    get(target, name) {
      if (name === 'program')
        return (offset: number, data: ArrayBuffer) => {
          on(offset, new Uint8Array(data).slice());
          return target.program(offset, data);
        };
      if (name === 'erase')
        return (offset: number) => {
          on(offset, undefined);
          return target.erase(offset);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** From the log-in of the officer to the first answer of the new image. @param image another one to be updated */
export async function rehearse(image = release(OLD)): Promise<Rehearsal> {
  const chips = await makeChips();
  const operations: Operation[] = [];
  let isRecording = false;
  const parts = await partsOn({ chips, image }, 0, (operation) => {
    if (isRecording) operations.push(operation);
  });
  await using meter = updatable(parts);
  const officer = await meter.loggedIn('cryptoOfficer');
  const { registers } = await officer.status();
  isRecording = true;
  const { isInstalled } = await updateImage(officer, release(NEW));
  isRecording = false;
  if (!isInstalled) throw new Error('the update of the rehearsal did not take');
  const commit = operations.findIndex(
    ({ chip, offset, data }) => chip !== 'main' && offset === COMMIT_OFFSET && data !== undefined,
  );
  return { image, chips, operations, commit, registers };
}
