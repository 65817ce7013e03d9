/**
 * Renders docs/label.png, the picture of a label in the README: a sample indicium, signed with a key that is thrown away.
 *
 * Run: npm exec -- node tools/render-readme-label.ts
 */

import { writeFileSync } from 'node:fs';
import { nodeCrypto } from '#driver/node-crypto';
import { type Bitmap, blit, createBitmap, strokeRectangle } from '#driver/print/bitmap';
import { composeLabel } from '#driver/print/label';
import { previewPng } from '#driver/print/preview';
import { printerProfiles } from '#driver/print/printer-profile';
import { wipe } from '#protocol/bytes';
import {
  type IndiciumFields,
  indiciumCore,
  joinIndicium,
  readIndicium,
} from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';

const FILE = new URL('../docs/label.png', import.meta.url);
/** Dots of paper around the picture, as a printer leaves them. */
const MARGIN = 24;
const PIXELS_PER_DOT = 2;

const { privateKey, publicKey } = nodeCrypto.generateKeyPair();
const fields: IndiciumFields = {
  certificateSerial: 1,
  meterId: encodeMeterId({ model: 'TS01', serial: 42 }),
  ascending: mills(45_780),
  postage: mills(780),
  mailingDate: 20261122,
  originZip: 20260,
  destination: 0,
  softwareId: Uint8Array.from('sample', (character) => character.charCodeAt(0)),
  descending: mills(54_220),
  rateCategory: 1,
  pieceCount: 58,
  serviceId: 1,
  flags: {
    redate: false,
    correction: false,
    reprint: false,
    test: false,
    certificateService: false,
  },
  keyId: keyId(nodeCrypto, publicKey),
};
const core = indiciumCore(fields);
const indicium = readIndicium(joinIndicium(core, nodeCrypto.sign(privateKey, core)));
wipe(privateKey);
if (!indicium.ok) throw new Error(`the sample is refused: ${indicium.status}`);

const label = composeLabel(indicium.value, printerProfiles['escpos-80mm'], {
  service: 'First-class letter',
});
writeFileSync(FILE, previewPng(onPaper(label), { scale: PIXELS_PER_DOT }));

/** The label with the edge of its paper. */
function onPaper(picture: Bitmap): Bitmap {
  const width = picture.width + 2 * MARGIN;
  const height = picture.height + 2 * MARGIN;
  const paper = createBitmap(width, height);
  blit(paper, picture, MARGIN, MARGIN);
  strokeRectangle(paper, { x: 0, y: 0, width, height });
  return paper;
}
