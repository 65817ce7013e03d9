/** FIPS 140-3 area 3, the interfaces: what shows each functional test evidence. */

import { absent, type Evidence, onDevice, shown, testsOf } from './evidence.ts';

const matrix = testsOf('test/firmware/matrix.test.ts');
const interfaces = testsOf('test/firmware/interfaces.test.ts');
const fuzz = testsOf('test/firmware/fuzz.test.ts');
const selfTest = testsOf('test/firmware/self-test.test.ts');
const board = testsOf('test/emulator/board.test.ts');
const meter = testsOf('test/driver/meter.test.ts');
const record = testsOf('test/protocol/record.test.ts');
const frame = testsOf('test/protocol/frame.test.ts');

const NO_CHANNEL =
  'No secret crosses the boundary in clear, so no trusted channel is needed: passwords come in inside the sealed session only, and no key ever goes out.';
const NO_CONTROL_OUTPUT =
  'The meter commands no other device: printing, and all else, is up to the host.';

const sealed = [
  ...meter('nothing that belongs into a session is ever sent in clear, a password least of all'),
  ...record('hides equal texts: no two records are alike'),
];

export const area03: readonly Evidence[] = [
  ...shown('03.01.04', 'information flows through the documented ports and interfaces only', [
    ...fuzz('whole messages of any content: what is refused changes nothing'),
    ...matrix('every other code is unknown'),
    ...interfaces('nothing leaves a meter that was not asked'),
  ]),
  ...shown('03.02.01', 'interfaces that share a port are kept apart', [
    ...interfaces('%s: no data is put out'),
    ...frame('accepts no frame hidden in another, wherever that one is cut or damaged'),
  ]),
  ...shown('03.05.01', 'the data input interface is what data comes in by', [
    ...matrix('%s is refused and nothing changes'),
    ...fuzz('requests of any content by the user who is logged in: no money moves'),
  ]),
  ...absent(
    '03.05.02',
    'data that comes in by an external input device',
    'No input device belongs to the meter: it has a line and nothing else.',
  ),
  ...shown('03.06.01', 'the data output interface is what data goes out by', [
    ...interfaces('%s: the commands that put data out are those that the policy opens'),
  ]),
  ...absent(
    '03.06.02',
    'data that goes out by an external output device',
    'No output device belongs to the meter; the printer belongs to the host.',
  ),
  ...shown(
    '03.07.02 03.07.04 03.07.08',
    'no data goes out during self-tests, key entry, zeroization and in the error state',
    [
      ...interfaces(
        '%s: no data is put out',
        'while %s is performed nothing goes out, and its answer holds no data',
      ),
      ...selfTest('stops a meter that was asked to test itself, in the middle of its work'),
    ],
  ),
  ...shown('03.08.01', 'the control input interface is what commands come in by', [
    ...matrix('%s', 'every other code is unknown'),
  ]),
  ...absent(
    '03.08.02',
    'commands that come in by an external input device',
    'No input device belongs to the meter.',
  ),
  ...absent('03.09.02', 'the control output interface', NO_CONTROL_OUTPUT),
  ...absent('03.10.02 03.10.04', 'control output stops in the error state', NO_CONTROL_OUTPUT),
  ...shown('03.11.01 03.11.03', 'the status output interface tells what the module does', [
    ...interfaces('%s: status is told, and the lamp shows it'),
    ...board('the lamp shows what the firmware says'),
  ]),
  ...onDevice(
    '03.13.02',
    'power comes in by the power interface only',
    'The emulated board has a switch and no supply; what is shown is that nothing runs without power.',
    board('is off at first: nothing answers and the lamp is dark'),
  ),
  ...shown('03.14.03', 'data, commands and status are told apart', [
    ...interfaces('%s: the commands that put data out are those that the policy opens'),
    ...frame('accepts from noise only what it would write itself'),
  ]),
  ...shown(
    '03.15.02 03.15.03 03.15.04 03.15.06',
    'input of another format, size or kind than documented is refused',
    [
      ...matrix('%s is refused and nothing changes'),
      ...fuzz('arbitrary bytes', 'whole frames of any body, in any order'),
    ],
  ),
  ...absent('03.16.01', 'a trusted channel for secrets in clear', NO_CHANNEL, sealed),
  ...absent('03.18.01 03.18.02', 'the ports of the trusted channel are apart', NO_CHANNEL),
  ...absent(
    '03.19.02 03.19.04',
    'nothing changes or replaces what a trusted channel carries',
    NO_CHANNEL,
  ),
  ...absent('03.20.01', 'who uses the trusted channel is authenticated', NO_CHANNEL),
  ...absent('03.21.01', 'a status tells that the trusted channel is in use', NO_CHANNEL),
];
