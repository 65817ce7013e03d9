/** FIPS 140-3 area 7, physical security: an emulated device shows what firmware does about an opened housing, and no more. */

import { absent, type Evidence, onDevice, shown, testsOf } from './evidence.ts';

const tamper = testsOf('test/firmware/tamper.test.ts');
const board = testsOf('test/emulator/board.test.ts');

const NO_DEVICE = 'An emulated device has no housing; this is shown by whoever builds one.';
const NO_MAINTENANCE =
  'There is no interface for maintenance: the housing is never opened and closed again.';
const NO_EFP =
  'No environmental failure protection is claimed; level 3 allows testing of the built device instead.';

export const area07: readonly Evidence[] = [
  ...onDevice('07.01.02', 'the physical security mechanisms are those documented', NO_DEVICE),
  ...onDevice('07.10.02', 'the module is made of production-grade parts', NO_DEVICE),
  ...absent('07.11.02', 'a maintenance access interface is apart and guarded', NO_MAINTENANCE),
  ...absent(
    '07.13.01',
    'secrets are destroyed when a maintenance access interface is used',
    `${NO_MAINTENANCE} Opening it ends the life of the meter.`,
    tamper('it is final: neither power cycles nor the rearmed contact give a working meter'),
  ),
  ...onDevice('07.15.01', 'the housing is of metal or hard plastic', NO_DEVICE),
  ...onDevice('07.19.01', 'the housing shows that somebody tried to open it', NO_DEVICE),
  ...onDevice('07.20.01 07.25.01', 'slits and openings let nobody see or probe inside', NO_DEVICE),
  ...onDevice('07.26.01', 'covering and housing are hard, or break what they cover', NO_DEVICE),
  ...onDevice('07.27.01', 'seals are numbered and cannot be replaced', NO_DEVICE),
  ...onDevice('07.60.01', 'a housing of several chips is of production grade', NO_DEVICE),
  ...onDevice('07.62.01 07.63.01', 'covers and doors are locked or sealed', NO_DEVICE),
  ...onDevice('07.65.04 07.65.05 07.65.06', 'the housing is strong', NO_DEVICE),
  ...shown(
    '07.65.08',
    'opening the housing destroys all secrets in clear',
    [
      ...tamper(
        'the keys are gone before anything is asked, and the meter says why it stops',
        'opened without power: the keys go at the next power-up, before any answer',
        'a contact that opens for a moment only is enough',
        'a power cut while the keys are destroyed is made good at the next power-up',
      ),
      ...board('stays triggered over power cycles until the maker rearms it'),
    ],
    'Of the firmware and the contact of the emulated board. What the firmware destroys without power it destroys at the next power-up; the device secret of the fuses needs a circuit that does not wait.',
  ),
  ...onDevice('07.65.09', 'the circuit that answers an opened housing works as built', NO_DEVICE, [
    ...tamper('opened %s', 'a contact that opens for a moment only is enough'),
  ]),
  ...absent('07.77.01 07.77.02 07.77.03', 'environmental failure protection', NO_EFP),
  ...onDevice(
    '07.81.01 07.81.02',
    'heat, cold and voltage beyond the usual endanger no secret',
    NO_DEVICE,
  ),
];
