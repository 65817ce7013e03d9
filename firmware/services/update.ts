/**
 * Another image for the meter: announced, loaded piece by piece, tested, and only then committed (requirements.md F8, H2;
 * FIPS 140-3, ISO 19790 7.4.3.4 and 7.10.3.4). The boot ROM judges it once more before anything of it is evaluated.
 */

import type { ImageStore } from '#hw/image-store';
import { equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import {
  IMAGE_HEADER_SIZE,
  type ImageHeader,
  imageHeaderDocument,
  verifyImage,
  verifyImageHeader,
} from '#protocol/documents/image-header';
import {
  COMMIT_OFFSET,
  commitMark,
  imagePlaceNames,
  MARK_SIZE,
  type SpareStateName,
} from '#protocol/documents/image-slot';
import { ok, type Result, refuse } from '#protocol/result';
import { checkLog } from '../condition.ts';
import { commit, type Device, stamped } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import { readFlash } from '../flash-layout.ts';
import {
  announce,
  bodySizeMax,
  bytesThere,
  isAnnounced,
  PIECE_UNIT,
  prepare,
  readSlot,
  writePiece,
  writeSlot,
} from '../image-slot.ts';
import { aside } from '../registers.ts';

const imageKeyOf = ({ hardware }: Device): Uint8Array => new Uint8Array(hardware.fuses.imageKey());

/** By the signed header alone, so that nobody waits for a load in vain. */
function judge(device: Device, bytes: Uint8Array): Result<ImageHeader> {
  const { crypto, image, hardware } = device;
  const header = verifyImageHeader(crypto, imageKeyOf(device), bytes);
  if (!header.ok) return header;
  if (hardware.imageStore === undefined) return refuse('updateUnavailable');
  const { bodySize, bodyForm, imageVersion, securityVersion } = header.value;
  const sizeMax = bodySizeMax(hardware.imageStore.spare);
  if (bodySize > sizeMax) return refuse('imageTooLarge', sizeMax);
  if (imageVersion === image.version) return refuse('imageInstalled');
  if (imageVersion < image.version || securityVersion < image.securityVersion)
    return refuse('imageOutdated');
  const isForeign = bodyForm === 'bytecode' && image.bodyForm !== 'bytecode';
  return isForeign ? refuse('imageForOtherProcessor') : header;
}

export function updateBegin(
  device: Device,
  { header: bytes }: RequestOf<'updateBegin'>,
): Result<ResponseOf<'updateBegin'>> {
  const { imageStore, watchdog } = device.hardware;
  device.loading = undefined;
  const header = twice(() => judge(device, bytes));
  if (!header.ok) return header;
  invariant(imageStore !== undefined);
  const { spare } = imageStore;
  const room = checkLog(device);
  if (!room.ok) return room;
  const { bodySize } = header.value;
  const isResumed = isAnnounced(spare, bytes);
  if (!isResumed && !prepare(spare, bytes, bodySize, watchdog)) return refuse('slotFailed');
  const next = isResumed ? bytesThere(spare, bodySize) : 0;
  device.loading = { imageStore, header: bytes.slice(), bodySize, next, isResumed };
  return ok({ have: next });
}

export function updateWrite(
  device: Device,
  { offset, data }: RequestOf<'updateWrite'>,
): Result<ResponseOf<'updateWrite'>> {
  const { loading } = device;
  if (loading === undefined) return refuse('updateNotBegun');
  const { bodySize, next, imageStore } = loading;
  if (offset !== next) return refuse('updateOffsetWrong', next);
  const { spare } = imageStore;
  const end = offset + data.length;
  const isFit =
    data.length > 0 &&
    (end === bodySize || data.length % PIECE_UNIT === 0) &&
    end <= bodySize &&
    (offset % spare.sectorSize) + data.length <= spare.sectorSize;
  if (!isFit) return refuse('fieldOutOfRange');
  if (!writePiece(spare, offset, data)) {
    device.loading = undefined;
    return refuse('slotFailed');
  }
  loading.next = end;
  return ok({});
}

/** Bytecode names its engine in front: that of the image which runs is the only one there is. */
function isForProcessor(
  { hardware }: Device,
  { bodyForm }: ImageHeader,
  body: Uint8Array,
): boolean {
  if (bodyForm === 'source') return true;
  const size = 1 + (body[0] as number);
  const running = new Uint8Array(hardware.image.read(IMAGE_HEADER_SIZE, size));
  return equalBytes(running, body.subarray(0, size));
}

/** The load test: of what the slot reads, and not of what was sent. */
function test(device: Device, { spare }: ImageStore, bodySize: number): Result<ImageHeader> {
  const image = readSlot(spare, bodySize, device.hardware.watchdog);
  const read = verifyImage(device.crypto, imageKeyOf(device), image);
  if (!read.ok) return refuse('imageDamaged');
  const { header, body } = read.value;
  return isForProcessor(device, header, body) ? ok(header) : refuse('imageForOtherProcessor');
}

/**
 * The label of a load that was interrupted is made anew: its commit may be spent. A load that fails its test leaves no
 * label, so that the next one begins from the start.
 */
export function updateFinish(device: Device): Result<ResponseOf<'updateFinish'>> {
  const { loading, image } = device;
  if (loading === undefined) return refuse('updateNotBegun');
  const { imageStore, bodySize, next, isResumed, header } = loading;
  const { spare } = imageStore;
  if (next !== bodySize) return refuse('updateOffsetWrong', next);
  const room = checkLog(device);
  if (!room.ok) return room;
  device.loading = undefined;
  if (isResumed && !announce(spare, header)) return refuse('slotFailed');
  const tested = twice(() => test(device, imageStore, bodySize));
  if (!tested.ok) {
    spare.erase(0);
    return tested;
  }
  const { imageVersion: a, securityVersion: c } = tested.value;
  const entry = { event: 'imageLoaded', a, b: image.version, c } as const;
  commit(device, 'note', aside(stamped(device), {}), entry); // written down before it can happen
  if (!writeSlot(spare, COMMIT_OFFSET, commitMark(tested.value))) {
    spare.erase(0);
    return refuse('slotFailed');
  }
  spare.sync();
  device.isRestarting = true;
  return ok({});
}

export function updateStatus({
  hardware: { imageStore },
  image,
}: Device): Result<ResponseOf<'updateStatus'>> {
  const running = imagePlaceNames[imageStore?.running ?? 0];
  invariant(running !== undefined);
  const { spare, spareVersion } = spareOf(imageStore);
  return ok({ running, securityVersion: image.securityVersion, spare, spareVersion });
}

function spareOf(store: ImageStore | undefined): { spare: SpareStateName; spareVersion: number } {
  if (store === undefined) return { spare: 'none', spareVersion: 0 };
  const header = imageHeaderDocument.read(readFlash(store.spare, 0, IMAGE_HEADER_SIZE));
  if (!header.ok) return { spare: 'blank', spareVersion: 0 };
  const mark = readFlash(store.spare, COMMIT_OFFSET, MARK_SIZE);
  const isLoaded = equalBytes(mark, commitMark(header.value));
  const spareVersion = header.value.imageVersion;
  return { spare: isLoaded ? 'loaded' : 'loading', spareVersion };
}
