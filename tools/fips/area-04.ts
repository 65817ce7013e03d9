/** FIPS 140-3 area 4, roles, services and authentication: what shows each functional test evidence. */

import { absent, type Evidence, onDevice, shown, testsOf } from './evidence.ts';

const matrix = testsOf('test/firmware/matrix.test.ts');
const line = testsOf('test/matrix/matrix.test.ts');
const access = testsOf('test/firmware/services/access.test.ts');
const making = testsOf('test/firmware/services/making.test.ts');
const report = testsOf('test/firmware/services/report.test.ts');
const selfTest = testsOf('test/firmware/self-test.test.ts');
const interfaces = testsOf('test/firmware/interfaces.test.ts');
const memory = testsOf('test/firmware/secrets-in-memory.test.ts');
const store = testsOf('test/firmware/store.test.ts');
const zeroize = testsOf('test/firmware/services/zeroize.test.ts');
const update = testsOf('test/firmware/services/update.test.ts');
const slots = testsOf('test/emulator/boot-slots.test.ts');
const driver = testsOf('test/driver/update.test.ts');
const attack = testsOf('test/protocol/handshake-attack.test.ts');

const NO_BYPASS = 'There is no bypass: no service puts out what it should have sealed or signed.';
const ASKED_ONLY = 'Nothing is put out that was not asked for: each answer belongs to one request.';
const LOAD_TEST = update(
  '%s is refused, and nothing is written',
  'a changed byte %i',
  'what changed in the slot behind the writing',
);
const REPLACED =
  'A loaded image takes the place of the whole firmware; what it is, is told by version and digest, and a validation is of one image.';

export const area04: readonly Evidence[] = [
  ...absent(
    '04.02.02 04.02.03',
    'operators at the same time are kept apart',
    'There is one session at a time, and a new one ends it.',
    access(
      'a new session ends the one before it and logs out whoever was there',
      'a handshake that is not finished leaves the session of another host alone',
      'a session stays on the port it was opened on',
    ),
  ),
  ...absent('04.07.03', 'a maintenance role leaves no secrets behind', 'There is no such role.'),
  ...shown('04.11.02', 'each service takes the input and gives the output that is documented', [
    ...matrix(
      'every body of the matrix is one of its command',
      '%s is refused and nothing changes',
    ),
    ...line('the meter does in a sample of all cells what the policy says'),
  ]),
  ...shown('04.13.01 04.13.03', 'a service tells name and version of the module', [
    ...report('version names the image that runs by the digest of its body'),
  ]),
  ...shown('04.14.02', 'a service tells the status of the module', [
    ...interfaces('%s: status is told, and the lamp shows it'),
    ...matrix('is where the meter is'),
  ]),
  ...shown('04.15.01', 'a service performs the self-tests', [
    ...selfTest(
      'the self-test on demand passes on a meter that is sound, and says how many tests there were',
      'that rots while it runs is found by the self-test on demand',
    ),
  ]),
  ...absent('04.18.01 04.19.02 04.19.03', 'a bypass is entered on purpose only', NO_BYPASS),
  ...absent('04.20.01 04.20.03', 'a bypass takes two independent actions', NO_BYPASS),
  ...absent('04.21.02 04.22.02', 'a bypass is told by the status', NO_BYPASS),
  ...absent('04.23.01', 'cryptographic output on its own initiative is configured', ASKED_ONLY, [
    ...interfaces('nothing leaves a meter that was not asked'),
  ]),
  ...absent('04.25.02 04.25.03', 'such output takes two independent actions', ASKED_ONLY),
  ...onDevice(
    '04.28.01',
    'loaded firmware is validated before it is used',
    'The image that is loaded has to be a validated one, which its maker decides before signing it.',
    LOAD_TEST,
  ),
  ...shown('04.29.01', 'no data goes out while firmware is loaded', [
    ...update('no data goes out: whatever else is asked for ends the loading'),
  ]),
  ...shown('04.32.01', 'loaded firmware runs after its self-tests only', [
    ...slots('%s is tried three times; then the old one runs, with all its money'),
    ...driver('an image is loaded, tested, and runs after the restart; money stays'),
  ]),
  ...onDevice('04.33.01', 'an image that replaces all is a new module', REPLACED, [
    ...driver('an image is loaded, tested, and runs after the restart; money stays'),
  ]),
  ...shown('04.34.01', 'the version changes with what was loaded', [
    ...driver('an image is loaded, tested, and runs after the restart; money stays'),
    ...report('version names the image that runs by the digest of its body'),
  ]),
  ...absent(
    '04.35.02',
    'secrets are gone before another whole image runs',
    'As above; an image that the maker signed goes on with the keys of the meter.',
  ),
  ...absent(
    '04.37.02 04.38.02',
    'authentication by role',
    'Authentication is by identity, which is what level 3 asks for.',
  ),
  ...shown(
    '04.39.02 04.39.03 04.39.04',
    'who uses a service is authenticated as one identity, and has the role given to it',
    [
      ...access(
        'a host key that the meter does not know opens no session',
        'the key of one role opens no session for the other',
        'the right password leads to idle, log-out back to uninitialized',
        'a wrong password stays outside, is counted, and delays the next try, twice as long each time',
      ),
      ...attack(
        'who names the key of another client cannot confirm',
        'whose key is known for another role only is refused',
      ),
    ],
    'The identity is the key of a host, proved in the handshake; the password of its role comes on top.',
  ),
  ...shown('04.42.03 04.42.04', 'a change of role takes the authentication of that role', [
    ...access(
      'the key of one role opens no session for the other',
      'a new session ends the one before it and logs out whoever was there',
    ),
    ...matrix('%s'),
  ]),
  ...shown('04.43.02', 'no authentication outlives a power cycle', [
    ...interfaces('nobody is logged in, and no session is open, once power was off'),
  ]),
  ...shown('04.44.02', 'what authenticates is protected against being read, changed or replaced', [
    ...memory('passwords and the secret of the fuses are nowhere, crypto engine: %s'),
    ...zeroize('before it, the keys are in flash under seal, and nothing of them in clear'),
    ...store('every flipped bit is found', 'a bank of another device is refused'),
    ...access('a changed password needs the old one, and a wrong old one counts as a try'),
  ]),
  ...shown(
    '04.45.02',
    'the first access to a module that knows nobody yet is controlled',
    making(
      'of a blank device is not for the user',
      'gives birth to keys, and proves that both were born in this device with this number',
      'is over once the meter is made',
    ),
    'Whoever makes the meter comes first; the device holds nothing to protect before, and the proof of birth binds it.',
  ),
  ...absent(
    '04.45.03',
    'default passwords are replaced at the first access',
    'There are none: both passwords are given when the meter is made.',
    making('with %s is refused, and the device stays blank'),
  ),
  ...shown('04.52.01', 'the module itself, and no rule for people, keeps authentication strong', [
    ...access(
      'a new password that is %s is refused',
      'after the last try the user is locked out, the officer gives a new password',
      'switching off and on gives no try for nothing: the count stays and the delay begins again',
      'power cut in the middle of a try: the try was counted',
    ),
  ]),
  ...shown(
    '04.54.02 04.54.03',
    'what is entered to authenticate is not shown',
    interfaces('the answer to a password holds nothing of it'),
    'The meter has no display. What a host shows of a password while it is typed is outside the module.',
  ),
  ...shown('04.55.02', 'what is told of a failed authentication makes the next try no easier', [
    ...access(
      'a wrong password stays outside, is counted, and delays the next try, twice as long each time',
    ),
    ...interfaces('the answer to a password holds nothing of it'),
    ...attack('any byte of message 3'),
  ]),
];
