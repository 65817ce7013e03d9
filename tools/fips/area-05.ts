/** FIPS 140-3 area 5, security of the firmware: what shows each functional test evidence. */

import { absent, type Evidence, shown, testsOf } from './evidence.ts';

const selfTest = testsOf('test/firmware/self-test.test.ts');
const matrix = testsOf('test/firmware/matrix.test.ts');
const realm = testsOf('test/emulator/node-vm.test.ts');
const quickJs = testsOf('test/emulator/quickjs.test.ts');
const rom = testsOf('test/emulator/boot-rom.test.ts');
const update = testsOf('test/firmware/services/update.test.ts');
const build = testsOf('test/tools/image-build.test.ts');
const damage = testsOf('test/firmware/damage.test.ts');

const NO_CODE = 'No error detection code stands for integrity: the image is signed.';

const INTEGRITY = selfTest(
  'that reads differently at byte %i than the boot ROM read it',
  'that is shorter than it was',
  'that another key signed than the fuses name',
);
const ROM = rom('refuses an image that another key signed', 'any place at all');

export const area05: readonly Evidence[] = [
  ...absent('05.06.02', 'integrity by an error detection code', NO_CODE),
  ...shown(
    '05.06.03',
    'integrity by a hash',
    selfTest('that reads differently at byte %i than the boot ROM read it'),
    'The signed header holds the digest of the body.',
  ),
  ...shown('05.06.04', 'integrity by a digital signature', [
    ...selfTest('that another key signed than the fuses name'),
    ...damage('%s is refused by the boot ROM'),
  ]),
  ...shown('05.06.06', 'a failed test of integrity leads to the error state', INTEGRITY),
  ...absent('05.07.01', 'the size of an error detection code', NO_CODE),
  ...shown('05.08.01', 'firmware that is not whole is not run', [
    ...INTEGRITY,
    ...rom('a bad image leaves the board dead: lamp on error, no answer, nothing evaluated'),
  ]),
  ...shown(
    '05.08.02',
    'what the test of integrity computed is wiped behind it',
    selfTest('what was read for the test of integrity is not in memory behind it'),
    'The digest of the body is no secret: `version` tells it to everybody.',
  ),
  ...shown('05.11.01 05.11.02', 'the operator can ask for the test of integrity', [
    ...selfTest('that rots while it runs is found by the self-test on demand'),
  ]),
  ...shown('05.12.02', 'data and commands reach the firmware by its defined interfaces only', [
    ...matrix('every other code is unknown'),
    ...realm('an image has the language and its hardware', 'an image has no %s'),
  ]),
  ...shown('05.13.01 05.13.02', 'whether firmware can be loaded', [
    ...matrix('every other code is unknown'),
    ...update('a board without slots refuses each image'),
  ]),
  ...shown('05.13.03 05.13.04 05.13.05', 'firmware that is loaded is validated', [
    ...update('%s is refused, and nothing is written', 'a changed byte %i'),
    ...update('what changed in the slot behind the writing', 'an end that is missing'),
  ]),
  ...shown('05.13.06', 'firmware is loaded by the crypto officer', [
    ...update('a user may not update, and nobody in clear'),
  ]),
  ...shown('05.13.08', 'no data goes out before loaded firmware was validated', [
    ...update('no data goes out: whatever else is asked for ends the loading'),
  ]),
  ...shown(
    '05.15.01 05.15.02',
    'the module holds executable code and no source',
    quickJs(
      'runs without its source',
      'of the real image comes up, and holds the digest of its own form',
    ),
    'Shown of the bytecode that the embedded processor takes. The form for the fast processor is source, and does not meet it.',
  ),
  ...shown('05.16.03', 'no interface lets anybody debug the module or run code in it', [
    ...realm('an image has no randomness of its own and makes no code from text'),
    ...matrix('every other code is unknown'),
    ...quickJs(
      '%s is refused before anything of it runs',
      'that was changed after it was signed is refused',
    ),
  ]),
  ...shown('05.17.02', 'integrity is by signature or keyed hash, and failing it nothing runs', [
    ...INTEGRITY,
    ...ROM,
  ]),
  ...shown('05.23.01', 'the key that signs the firmware is outside the module', [
    ...build('is in neither form of the image'),
  ]),
];
