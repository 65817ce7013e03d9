/** FIPS 140-3 area 10, self-tests: what shows each functional test evidence. */

import { absent, type Evidence, shown, testsOf } from './evidence.ts';

const selfTest = testsOf('test/firmware/self-test.test.ts');
const engine = testsOf('test/firmware/engine-fault.test.ts');
const pairwise = testsOf('test/firmware/pairwise-consistency.test.ts');
const entropy = testsOf('test/firmware/entropy.test.ts');
const interfaces = testsOf('test/firmware/interfaces.test.ts');
const repeated = testsOf('test/firmware/self-test-repeated.test.ts');
const record = testsOf('test/firmware/self-test-record.test.ts');
const forced = testsOf('test/self-tests/self-tests.test.ts');
const rom = testsOf('test/emulator/boot-rom.test.ts');
const update = testsOf('test/firmware/services/update.test.ts');
const policy = testsOf('test/tools/security-policy.test.ts');

const NO_BYPASS = 'There is no bypass.';
const NO_MANUAL = 'Nothing is keyed in at the meter; it has no keys to press.';

/** Each test forced to fail, and what the host finds then: fault and detail told, all else refused, no byte beside. */
const FORCED = [
  ...selfTest(
    'is forced for every one of them',
    'that reads differently at byte %i than the boot ROM read it',
    '%s at power-up',
    'that %s when the generator wants to be seeded again',
    'registers that contradict each other',
    'a device key with another public key',
  ),
  ...pairwise('a key pair that does not fit together'),
  ...forced('%s, %s'),
];
const DEMAND = selfTest(
  'the self-test on demand passes on a meter that is sound, and says how many tests there were',
  'stops a meter that was asked to test itself, in the middle of its work',
  'that rots while it runs is found by the self-test on demand',
);

export const area10: readonly Evidence[] = [
  ...shown('10.07.03 10.07.05', 'a self-test that fails leads to the error state', FORCED),
  ...shown(
    '10.07.04',
    'self-tests run in every mode',
    [
      ...selfTest('is forced for every one of them'),
      ...policy('every algorithm that the image uses is one with a known answer'),
    ],
    'There is one mode.',
  ),
  ...shown('10.08.03', 'a self-test that fails is told, by a status of its own', FORCED),
  ...shown('10.09.03', 'in the error state there is no cryptography and no output but status', [
    ...FORCED,
    ...interfaces('%s: no data is put out'),
  ]),
  ...shown('10.10.01 10.10.02', 'nothing relies on what failed until its test has passed again', [
    ...selfTest(
      'stops a meter that was asked to test itself, in the middle of its work',
      'that %s when the generator wants to be seeded again',
    ),
    ...engine('%s, %s, when the self-test is asked for'),
  ]),
  ...shown('10.11.01', 'an error that cannot be told by a status can be seen all the same', [
    ...rom('a bad image leaves the board dead: lamp on error, no answer, nothing evaluated'),
  ]),
  ...shown(
    '10.12.03 10.12.04 10.12.05',
    'a log keeps the errors of self-tests',
    record(
      'a failure at work is told by the log after the power cycle, proved and once',
      'failures at power-up are told each, though nothing can prove them',
      'noise that failed is on record as well',
      'a changed note proves nothing: without its mark it is told as not proved, else it is none',
      'power that fails while a note is told: it is told once or twice, and never lost',
    ),
    'The last 48 failures since the meter worked; of hard faults, which come back at each power-up, none is written.',
  ),
  ...shown('10.15.01 10.15.02', 'the tests before operation run by themselves, before any output', [
    ...selfTest(
      'is forced for every one of them',
      'that reads differently at byte %i than the boot ROM read it',
    ),
    ...interfaces('nothing leaves a meter that was not asked'),
  ]),
  ...absent(
    '10.21.01 10.21.02 10.21.03 10.21.04',
    'the bypass is tested before operation',
    NO_BYPASS,
  ),
  ...absent('10.22.01 10.22.04', 'what decides about the bypass is tested', NO_BYPASS),
  ...shown('10.25.02', 'conditional self-tests run when their condition is there', [
    ...pairwise('a key pair that does not fit together'),
    ...entropy('the tests go on from one reading to the next'),
    ...selfTest('that %s when the generator wants to be seeded again'),
  ]),
  ...shown('10.27.01', 'each algorithm is tested before it is first used', [
    ...selfTest('is forced for every one of them'),
    ...engine('%s, %s, at power-up'),
    ...policy('every algorithm that the image uses is one with a known answer'),
  ]),
  ...shown('10.28.02', 'an algorithm that fails its test is not used', [
    ...selfTest('is forced for every one of them'),
    ...engine('%s, %s, at power-up', '%s, %s, when the self-test is asked for'),
  ]),
  ...absent(
    '10.34.03',
    'an algorithm is tested otherwise than by a known answer',
    'Each algorithm is tested by a known answer; there is no test by comparison, and none that detects faults.',
    policy('every algorithm that the image uses is one with a known answer'),
  ),
  ...shown('10.35.04', 'each key pair is tried when it is born or loaded', [
    ...pairwise('a key pair that does not fit together', '%s'),
    ...selfTest('%s, which is found at log-in', 'a device key with another public key'),
  ]),
  ...shown('10.37.05 10.37.06 10.37.09', 'loaded firmware is tested', [
    ...update('%s is refused, and nothing is written', 'a changed byte %i'),
    ...update('what changed in the slot behind the writing', 'bytecode of another engine'),
  ]),
  ...absent('10.46.03 10.46.04', 'what is entered by hand is tested', NO_MANUAL),
  ...absent('10.48.01 10.48.03', 'a bypass that is switched is tested', NO_BYPASS),
  ...absent('10.49.01 10.49.03', 'a bypass that is switched by itself is tested', NO_BYPASS),
  ...shown('10.53.02 10.53.03', 'the operator can ask for the self-tests', DEMAND),
  ...shown(
    '10.54.01',
    'the module repeats its self-tests by itself from time to time',
    repeated(
      'is found a day after power-up, at the tick of its own test and not before',
      'who is logged in is logged out with it, and the session is gone',
      'an image that rots is found behind the algorithms',
      'registers that contradict each other are found at last',
      'a round that passed begins anew a day later, and one on demand puts it off',
    ),
    'A day after the last time, in powered time, one test at each tick of the board.',
  ),
];
