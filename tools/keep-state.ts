/** `npm run keep-state -- NAME`: writes the state of a meter that has funds and spent some, and a begun update, to test/golden/states/, for later versions to start from. */

import { existsSync, writeFileSync } from 'node:fs';
import { pieceRequest } from '#driver/piece';
import { createMemoryFlash } from '#emulator/flash';
import { SLOT_GEOMETRY } from '#emulator/image-slots';
import { encodeState } from '#emulator/rig/state-file';
import { mills } from '#protocol/mills';
import { emulatedMeter } from '#testing/emulated-meter';
import { POSTAGE_SERVICE } from '#testing/made-meter';
import { repositoryRoot } from './sources.ts';

const [, , name] = process.argv;
if (name === undefined || !/^[\w.-]+$/.test(name)) throw new Error('say the name of the state');
const path = `${repositoryRoot}test/golden/states/${name}.state`;
if (existsSync(path)) throw new Error(`${path} is there, and is never written again`);

await using meter = await emulatedMeter({ lifeCycle: 'funded' });
const user = await meter.logIn('user');
const piece = { serviceId: POSTAGE_SERVICE, postage: mills(37_000), mailingDate: 20260301 };
await user.createIndicium(pieceRequest({ counter: 1, nonce: 1 }, { ...piece, destination: 0 }));
/** As an update leaves it that was cut off behind its first bytes. */
const slot = createMemoryFlash({ geometry: SLOT_GEOMETRY });
slot.program(SLOT_GEOMETRY.sectorSize, new Uint8Array(64).fill(0x5a).buffer);
const imageSlots = { geometry: SLOT_GEOMETRY, contents: { 2: slot.snapshot() } };
const state = encodeState({ ...meter.rig.capture(), imageSlots });
writeFileSync(path, state);
process.stdout.write(
  `${JSON.stringify({ script: 'keep-state', path: `test/golden/states/${name}.state`, bytes: state.length })}\n`,
);
