/** FIPS 140-3 area 9, sensitive security parameters: what shows each functional test evidence. */

import { absent, type Evidence, shown, testsOf } from './evidence.ts';

const zeroize = testsOf('test/firmware/services/zeroize.test.ts');
const withdrawal = testsOf('test/firmware/services/withdrawal.test.ts');
const tamper = testsOf('test/firmware/tamper.test.ts');
const memory = testsOf('test/firmware/secrets-in-memory.test.ts');
const store = testsOf('test/firmware/store.test.ts');
const making = testsOf('test/firmware/services/making.test.ts');
const access = testsOf('test/firmware/services/access.test.ts');
const selfTest = testsOf('test/firmware/self-test.test.ts');
const attack = testsOf('test/protocol/handshake-attack.test.ts');
const handshake = testsOf('test/protocol/handshake.test.ts');
const record = testsOf('test/protocol/record.test.ts');
const meter = testsOf('test/driver/meter.test.ts');
const keyUse = testsOf('test/firmware/key-use.test.ts');
const policy = testsOf('test/tools/security-policy.test.ts');

const NO_MANUAL = 'Nothing is keyed in at the meter; it has no keys to press.';
const NO_OUTPUT = 'No service puts out a secret, in clear or sealed.';
const NO_SPLIT = 'Secrets come in sealed by the session, so that none is entered in parts.';

const SEALED_LINE = [
  ...meter('nothing that belongs into a session is ever sent in clear, a password least of all'),
  ...record('hides equal texts: no two records are alike', 'any bit changed'),
];

export const area09: readonly Evidence[] = [
  ...shown(
    '09.01.02 09.01.03',
    'secrets are protected against being read, used, changed and replaced',
    [
      ...zeroize('before it, the keys are in flash under seal, and nothing of them in clear'),
      ...memory(
        'with a crypto engine no private key is anywhere, and no key of a session once it has ended',
        'passwords and the secret of the fuses are nowhere, crypto engine: %s',
      ),
      ...keyUse('%s uses the keys that the policy says, and no other'),
      ...store('every flipped bit is found', 'a bank of another device is refused'),
      ...selfTest('what the flash holds', '%s, which is found at log-in'),
    ],
    'Without a crypto engine noble leaves copies of private keys in the memory of the processor; docs/cpu.md says which.',
  ),
  ...shown('09.02.02', 'public parameters are protected against being changed and replaced', [
    ...store('every flipped bit is found'),
    ...making(
      '%s are refused, and the meter is not made',
      '%s is refused, and the one before stays',
    ),
  ]),
  ...shown('09.03.02 09.03.03', 'each parameter belongs to the one it was made for', [
    ...making('%s are refused, and the meter is not made'),
    ...access('the key of one role opens no session for the other'),
    ...attack('who names the key of another client cannot confirm'),
  ]),
  ...shown('09.13.03', 'parameters that come in or go out are sealed by an approved algorithm', [
    ...SEALED_LINE,
  ]),
  ...absent('09.14.02', 'what is entered by hand is checked as it is entered', NO_MANUAL),
  ...absent(
    '09.16.03',
    'a secret goes out in clear after two independent actions only',
    NO_OUTPUT,
    [
      ...policy('no service reads a secret out'),
      ...memory(
        'with a crypto engine no private key is anywhere, and no key of a session once it has ended',
      ),
    ],
  ),
  ...shown('09.18.01 09.18.02', 'secrets cross a line that others may listen to sealed only', [
    ...SEALED_LINE,
  ]),
  ...absent('09.21.02 09.21.03 09.21.04', 'secrets in clear are entered in parts', NO_SPLIT),
  ...absent('09.22.01', 'whoever enters a part of a secret is authenticated', NO_SPLIT),
  ...absent('09.23.03', 'parts of a secret say nothing of the whole', NO_SPLIT),
  ...shown('09.25.02', 'a stored parameter stays with its owner', [
    ...selfTest('%s, which is found at log-in', 'a device key with another public key'),
    ...access('the key of one role opens no session for the other'),
  ]),
  ...shown('09.27.02', 'who is not authorised changes no public parameter', [
    ...making(
      '%s are refused, and the meter is not made',
      '%s is refused, and the one before stays',
    ),
    ...store('every flipped bit is found'),
  ]),
  ...shown(
    '09.28.02 09.28.03 09.28.04',
    'a service destroys every secret that is not sealed, and what is destroyed cannot be had again',
    [
      ...zeroize(
        'after it, no key is anywhere in flash, sealed or in clear',
        'in operation %i is made good at the next power-up',
        'no session can be opened any more, by nobody',
      ),
      ...memory(
        'without a crypto engine nothing is left of any private key once the meter is zeroized',
      ),
      ...withdrawal('leaves no key in flash, sealed or in clear'),
      ...tamper('the keys are gone before anything is asked, and the meter says why it stops'),
      ...handshake('of a handshake %s are all wiped'),
      ...record('leaves no key when it is wiped'),
    ],
    'The device secret stays in the fuses: what it sealed is gone, so it opens nothing.',
  ),
  ...shown('09.33.02', 'the status tells that all is destroyed', [
    ...zeroize('the meter restarts by itself, and tells its registers to everybody'),
  ]),
];
