/** Makes what an exploration begins with, by the real image and driver, and loads the explorer with lines changed. */

import { loadImage } from '#emulator/image-file';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { type Change, importChanged } from '#test/support/changed-code';
import {
  authorityKeys,
  flashAt,
  licence,
  meterWith,
  passwords,
  providerKeys,
} from '#test/support/meter';
import { forExploring } from './changes.ts';
import type * as Explorer from './explorer.ts';
import type { Givens } from './givens.ts';

export async function givens(): Promise<Givens> {
  const flash = await flashAt('registered');
  const prepaid = flash.contents();
  await using meter = meterWith(flash);
  const anybody = await meter.anonymous();
  const { device: certificate } = await anybody.certificates();
  const officer = await meter.loggedIn('cryptoOfficer');
  const terms = { accountKind: 'current', certificateDescendingMax: mills(0) } as const;
  await officer.register(licence({ sequence: 2, ...terms }));
  return {
    ...loadImage(),
    deviceSecret: new Uint8Array(32).fill(0x5e),
    prepaid,
    current: meter.flash.contents(),
    password: passwords.user(),
    certificate,
    providerKeys,
    authorityKey: authorityKeys.publicKey,
    timeMs: TEST_TIME_MS,
  };
}

export const loadExplorer = (changes: readonly Change[] = []): Promise<typeof Explorer> =>
  importChanged<typeof Explorer>('test/proof/explore/explorer.ts', [...forExploring, ...changes]);
