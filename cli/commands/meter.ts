/** `tessera meter …`: what is done with a meter besides printing. */

import type { Command } from 'commander';
import type { Run } from '../run.ts';
import { addMake } from './meter/make.ts';
import { addPassword } from './meter/password.ts';
import { addRefill } from './meter/refill.ts';
import { addRegister } from './meter/register.ts';
import { addTell } from './meter/tell.ts';
import { addZeroize } from './meter/zeroize.ts';

export function addMeter(program: Command, run: Run): void {
  const meter = program.command('meter').description('make, register, ask and refill a meter');
  addMake(meter, run);
  addRegister(meter, run);
  addTell(meter, run);
  addRefill(meter, run);
  addPassword(meter, run);
  addZeroize(meter, run);
}
