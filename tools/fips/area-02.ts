/** FIPS 140-3 area 2, the module and its boundary: what shows each functional test evidence. */

import { absent, type Evidence, onDevice, shown, testsOf } from './evidence.ts';

const build = testsOf('test/tools/image-build.test.ts');
const report = testsOf('test/firmware/services/report.test.ts');
const selfTest = testsOf('test/firmware/self-test.test.ts');
const realm = testsOf('test/emulator/node-vm.test.ts');
const processor = testsOf('test/emulator/cpu.test.ts');
const policy = testsOf('test/tools/security-policy.test.ts');

const NO_DEGRADED =
  'There is no degraded operation: a self-test that fails leads to the error state, which has no cryptographic service.';
const NO_EXCLUDED = 'No component is excluded from the requirements.';

export const area02: readonly Evidence[] = [
  ...shown(
    '02.10.01',
    'all components of the module are inside its boundary and known',
    build('the image passes the boot ROM with the key beside it, and its body is the bundle'),
    'The firmware is one image; hw/hardware.ts is all that it reaches.',
  ),
  ...shown(
    '02.12.01',
    'the version that the module tells identifies its components',
    report('version names the image that runs by the digest of its body'),
  ),
  ...absent('02.13.03', 'components that are excluded do no harm', NO_EXCLUDED),
  ...onDevice(
    '02.15.03',
    'the boundary of the hardware is closed, and has no other ports than those documented',
    'The logical ports are those of the hardware contract, which the tests show; a housing has to be looked at.',
    [
      ...processor(
        'passes every part on that a board has, and none that it has not',
        'hands no other hardware to an image',
      ),
      ...realm('an image has no %s'),
    ],
  ),
  ...absent('02.15.05', 'excluded hardware opens no way round the boundary', NO_EXCLUDED),
  ...shown(
    '02.19.02',
    'the operator can bring the module into its approved mode',
    [
      ...selfTest(
        'the self-test on demand passes on a meter that is sound, and says how many tests there were',
      ),
      ...policy('every algorithm that the image uses is one with a known answer'),
    ],
    'There is one mode, entered at every power-up that passes its self-tests.',
  ),
  ...absent(
    '02.22.02',
    'secrets are not shared between approved and other modes',
    'There is one mode, and no service with another algorithm.',
    policy('every algorithm that the image uses is one with a known answer'),
  ),
  ...shown(
    '02.24.02',
    'each service indicates that it used an approved function',
    policy('every answer carries status and state, which are the indicator of its service'),
    'All cryptographic services are approved ones, so that `ok` is the indicator (implementation guidance 2.4.C).',
  ),
  ...absent('02.26.03 02.26.04 02.26.05', 'degraded operation is entered rightly', NO_DEGRADED),
  ...absent('02.28.01 02.28.02', 'degraded operation isolates what failed', NO_DEGRADED),
  ...absent('02.30.02', 'degraded operation tells that it is one', NO_DEGRADED),
];
