/**
 * Another image for a meter: carried over piece by piece, tested by the meter, and looked at once it has restarted
 * (requirements.md F8; docs/update.md). Interrupted, it goes on where it stopped when it is called again.
 */

import { equalBytes } from '#protocol/bytes';
import {
  IMAGE_HEADER_SIZE,
  type ImageHeader,
  imageHeaderDocument,
} from '#protocol/documents/image-header';
import { statuses } from '#protocol/status';
import { LinkError, RefusedError } from './errors.ts';
import type { Meter } from './meter.ts';

/** A sector holds a whole number of them. */
const PIECE_SIZE = 2048;
/** How often a load is taken up again that another host ended by asking for something else. */
const RESUMPTIONS_MAX = 8;
/** The whole slot is erased before the first answer, and read back before the last one: by a slow chip, for long. */
const SLOW_TIMEOUT_MS = 20_000;

export type UpdatedMeter = Pick<
  Meter,
  'updateBegin' | 'updateWrite' | 'updateFinish' | 'version' | 'reconnect'
>;

export interface UpdateOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each piece: bytes of the body that are there, and all of them. */
  readonly onProgress?: ((loaded: number, size: number) => void) | undefined;
}

/** What runs after the restart. */
export interface UpdateOutcome {
  /** False where the meter went back: the new image did not pass its self-tests. */
  readonly isInstalled: boolean;
  readonly imageVersion: number;
  readonly imageDigest: Uint8Array;
}

/**
 * Loads an image and waits until the meter runs again.
 * @param meter with its crypto officer logged in; afterwards nobody is
 * @param image header and body, as its maker signed it
 * @throws RefusedError where the meter, or its signature, does not agree; LinkError where the line is lost: nothing is lost
 * with it, and the same call goes on; the reason of the signal
 */
export async function updateImage(
  meter: UpdatedMeter,
  image: Uint8Array,
  { signal, onProgress }: UpdateOptions = {},
): Promise<UpdateOutcome> {
  const header = headerOf(image);
  await load(meter, image, { signal, onProgress });
  await finish(meter, signal);
  await meter.reconnect({ signal });
  const { imageVersion, imageDigest } = await meter.version({ signal });
  const isInstalled =
    imageVersion === header.imageVersion && equalBytes(imageDigest, header.bodyDigest);
  return { isInstalled, imageVersion, imageDigest };
}

/** @throws RefusedError for what is no image, before the meter is asked */
function headerOf(image: Uint8Array): ImageHeader {
  const header = imageHeaderDocument.read(image.subarray(0, IMAGE_HEADER_SIZE));
  if (header.ok && header.value.bodySize === image.length - IMAGE_HEADER_SIZE) return header.value;
  const { code } = statuses.documentMalformed;
  throw new RefusedError({ service: 'updateBegin', code, detail: 0, state: undefined });
}

async function load(
  meter: UpdatedMeter,
  image: Uint8Array,
  { signal, onProgress }: UpdateOptions,
): Promise<void> {
  const header = image.slice(0, IMAGE_HEADER_SIZE);
  const body = image.subarray(IMAGE_HEADER_SIZE);
  for (let resumptions = 0; ; resumptions++) {
    try {
      let { have } = await meter.updateBegin(header, { signal, timeoutMs: SLOW_TIMEOUT_MS });
      onProgress?.(have, body.length);
      while (have < body.length) {
        const data = body.slice(have, have + PIECE_SIZE);
        await meter.updateWrite({ offset: have, data }, { signal });
        have += data.length;
        onProgress?.(have, body.length);
      }
      return;
    } catch (error) {
      const hasEnded = error instanceof RefusedError && error.status === 'updateNotBegun';
      if (!hasEnded || resumptions === RESUMPTIONS_MAX) throw error;
    }
  }
}

/** The meter restarts behind its answer, which may be lost with that: what runs then, tells whether it took the image. */
async function finish(meter: UpdatedMeter, signal: AbortSignal | undefined): Promise<void> {
  try {
    await meter.updateFinish({ signal, timeoutMs: SLOW_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof LinkError && error.isUncertain)) throw error;
  }
}
