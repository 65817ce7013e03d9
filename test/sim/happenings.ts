/** Everything that can happen in a world, by name. Names are in recorded plans: never use one for something else. */

import { batch, resumeBatch } from './actions/batch.ts';
import { buy, finishPurchases } from './actions/buy.ts';
import { claim } from './actions/claim.ts';
import { claimPosted } from './actions/claim-posted.ts';
import { cloneMeter, useClone } from './actions/clone.ts';
import { contact } from './actions/contact.ts';
import { copyLabel } from './actions/copy-label.ts';
import { endOfDay } from './actions/end-of-day.ts';
import { forgeEvidence } from './actions/forge-evidence.ts';
import { forgeAuthorisation, forgeRequest } from './actions/forge-refill.ts';
import { issue } from './actions/issue.ts';
import { laterPiece } from './actions/later-piece.ts';
import { lockMeter, unlockMeter } from './actions/lock.ts';
import { makeMeter } from './actions/make.ts';
import { changePassword } from './actions/password.ts';
import { pay } from './actions/pay.ts';
import { powerCycle } from './actions/power-cycle.ts';
import { publishRates, takeRates } from './actions/rates.ts';
import { refill } from './actions/refill.ts';
import { replayAuthorisation, replayRequest } from './actions/replay-refill.ts';
import { report } from './actions/report.ts';
import { reprint } from './actions/reprint.ts';
import { resetBatch } from './actions/reset-batch.ts';
import { scan } from './actions/scan.ts';
import { setClock } from './actions/set-clock.ts';
import { settleAccount } from './actions/settle-account.ts';
import { testPrint } from './actions/test-print.ts';
import { daysPass, hoursPass } from './actions/time-passes.ts';
import { withdraw } from './actions/withdraw.ts';
import { wrongPassword } from './actions/wrong-password.ts';
import { clockJump } from './faults/clock-jump.ts';
import { diskFull } from './faults/disk-full.ts';
import { hostEnd } from './faults/host-end.ts';
import { powerCut } from './faults/power-cut.ts';
import { printerTrouble } from './faults/printer-trouble.ts';
import { roughLine } from './faults/rough-line.ts';
import { roughNetwork } from './faults/rough-network.ts';
import { serverEnd } from './faults/server-end.ts';
import { unplug } from './faults/unplug.ts';
import type { Happening } from './happening.ts';

export const happenings = {
  issue,
  batch,
  resumeBatch,
  refill,
  buy,
  finishPurchases,
  pay,
  scan,
  report,
  makeMeter,
  changePassword,
  powerCycle,
  hoursPass,
  daysPass,
  useClone,
  publishRates,
  takeRates,
  contact,
  laterPiece,
  reprint,
  testPrint,
  resetBatch,
  claim,
  settleAccount,
  lockMeter,
  unlockMeter,
  setClock,
  endOfDay,
  withdraw,

  wrongPassword,
  replayRequest,
  replayAuthorisation,
  forgeRequest,
  forgeAuthorisation,
  forgeEvidence,
  copyLabel,
  claimPosted,
  cloneMeter,

  roughLine,
  unplug,
  powerCut,
  hostEnd,
  serverEnd,
  roughNetwork,
  clockJump,
  diskFull,
  printerTrouble,
} as const satisfies Record<string, Happening>;

export type HappeningName = keyof typeof happenings;
export const happeningNames = Object.keys(happenings) as HappeningName[];
