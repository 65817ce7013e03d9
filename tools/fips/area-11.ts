/** FIPS 140-3 area 11, assurance over the life cycle: what shows each functional test evidence. */

import { type Evidence, shown, testsOf } from './evidence.ts';

const machine = testsOf('test/firmware/state-machine.test.ts');
const matrix = testsOf('test/firmware/matrix.test.ts');
const line = testsOf('test/matrix/matrix.test.ts');
const regions = testsOf('test/firmware/regions.test.ts');
const access = testsOf('test/firmware/services/access.test.ts');
const making = testsOf('test/firmware/making.test.ts');
const command = testsOf('test/cli/make.test.ts');
const interfaces = testsOf('test/firmware/interfaces.test.ts');

export const area11: readonly Evidence[] = [
  ...shown('11.08.06 11.08.09', 'the module behaves as its state machine says', [
    ...machine(
      'every state and every event give what xstate gives',
      'every state is reached from power-off, and these are the shortest ways',
      'a transition that is not declared is a fault and moves nothing',
    ),
    ...matrix('%s', 'the situations are all that there are'),
    ...line('the meter does in a sample of all cells what the policy says'),
    ...regions('what can be reached at rest is what the matrix asks in, and nothing else'),
  ]),
  ...shown('11.11.01', 'the states that the standard asks for are there and distinct', [
    ...machine('the whole transition table', 'nothing leads out of the error state but power'),
    ...interfaces('%s: status is told, and the lamp shows it'),
  ]),
  ...shown('11.13.02', 'from another role into that of the officer leads authentication only', [
    ...access(
      'the key of one role opens no session for the other',
      'a new session ends the one before it and logs out whoever was there',
    ),
    ...matrix('%s'),
  ]),
  ...shown('11.32.02', 'the module can be installed and started as documented', [
    ...command(
      'becomes a meter whose keys the authority certifies; the home has what is needed to use it',
      'is a licensed meter after register, as often as it is called',
    ),
    ...making('cut at every operation is done or not done, and can be repeated'),
  ]),
];
