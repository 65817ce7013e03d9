/**
 * Updates for tests: the real image under other versions, signed by the key of test/support/test-firmware.ts, and a meter
 * with slots that takes them.
 */

import type { FlashDevice } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import { type ImageSlots, memoryImageSlots } from '#emulator/image-slots';
import { createSecurityFuse, type SecurityFuse } from '#emulator/security-fuse';
import {
  type BodyForm,
  IMAGE_HEADER_SIZE,
  type ImageVersions,
  signImage,
} from '#protocol/documents/image-header';
import { nobleCrypto } from '#protocol/noble-crypto';
import { flashAt, meterWith, type TestMeter } from './meter.ts';
import { seededRandom } from './seeded-random.ts';
import { testImageKey } from './test-firmware.ts';

/** Its signatures repeat: the same release is the same bytes, as a file is, and a load of it goes on. */
const signing = nobleCrypto(seededRandom('releases'));

const bodyOf = (form: BodyForm): Uint8Array => loadImage(form).image.slice(IMAGE_HEADER_SIZE);

export const OLD: ImageVersions = { imageVersion: 0x01_00_00, securityVersion: 1 };
export const NEW: ImageVersions = { imageVersion: 0x01_00_01, securityVersion: 2 };

export interface ReleaseOptions {
  readonly form?: BodyForm;
  readonly body?: Uint8Array;
  readonly key?: typeof testImageKey;
}

/** The real image as a release of its maker. */
export function release(versions: ImageVersions, options: ReleaseOptions = {}): Uint8Array {
  const { form = 'source', key = testImageKey, body = bodyOf(form) } = options;
  return signImage(signing, key, versions, body, form);
}

/** A release whose code ends as it says. @param code behind the real one */
export function brokenRelease(versions: ImageVersions, code: string): Uint8Array {
  const body = Buffer.concat([bodyOf('source'), Buffer.from(`\n;${code}`)]);
  return release(versions, { body: Uint8Array.from(body) });
}

/** What an updatable board keeps while it is off. */
export interface UpdatableParts {
  readonly flash: FlashDevice;
  readonly imageSlots: ImageSlots;
  readonly securityFuse: SecurityFuse;
  readonly image: Uint8Array;
}

export async function updatableParts(
  changed: Partial<UpdatableParts> = {},
): Promise<UpdatableParts> {
  return {
    flash: await flashAt('refilled'),
    imageSlots: memoryImageSlots(),
    securityFuse: createSecurityFuse(),
    image: release(OLD),
    ...changed,
  };
}

/** The meter on these parts, switched on. */
export function updatable(
  { flash, ...parts }: UpdatableParts,
  options: Parameters<typeof meterWith>[1] = {},
): TestMeter {
  return meterWith(flash, { ...parts, imageKey: testImageKey.publicKey, ...options });
}
