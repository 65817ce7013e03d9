/** `tessera meter …`: what is done with a meter besides printing. */

import type { Command } from 'commander';
import type { Run } from '../run.ts';
import { addAuthorityKey } from './meter/authority-key.ts';
import { addHostKey } from './meter/host-key.ts';
import { addLog } from './meter/log.ts';
import { addMake } from './meter/make.ts';
import { addPassword } from './meter/password.ts';
import { addRefill } from './meter/refill.ts';
import { addRegister } from './meter/register.ts';
import { addRenewKeys } from './meter/renew-keys.ts';
import { addSync } from './meter/sync.ts';
import { addTell } from './meter/tell.ts';
import { addUpdate } from './meter/update.ts';
import { addWithdraw } from './meter/withdraw.ts';
import { addZeroize } from './meter/zeroize.ts';

export function addMeter(program: Command, run: Run): void {
  const meter = program
    .command('meter')
    .description('make, register, refill, inspect, update and withdraw a meter');
  addMake(meter, run);
  addRegister(meter, run);
  addTell(meter, run);
  addSync(meter, run);
  addAuthorityKey(meter, run);
  addRefill(meter, run);
  addLog(meter, run);
  addPassword(meter, run);
  addHostKey(meter, run);
  addRenewKeys(meter, run);
  addUpdate(meter, run);
  addWithdraw(meter, run);
  addZeroize(meter, run);
}
