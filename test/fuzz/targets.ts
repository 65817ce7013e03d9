/** All that is fuzzed; the module that is bundled with its probes (engine/bundle.ts). */

import type { Target } from './target.ts';
import { channelTargets } from './targets/channel.ts';
import { documentTargets } from './targets/documents.ts';
import { flashTarget } from './targets/flash.ts';
import { frameTargets } from './targets/frames.ts';
import { hostFileTargets } from './targets/host-files.ts';
import { httpTarget } from './targets/http.ts';
import { meterTarget } from './targets/meter.ts';
import { printingTargets } from './targets/printing.ts';
import { usbTarget } from './targets/usb.ts';

export const targets: readonly Target[] = [
  ...frameTargets,
  ...channelTargets,
  ...documentTargets,
  ...printingTargets,
  ...hostFileTargets,
  httpTarget,
  usbTarget,
  meterTarget,
  flashTarget,
];
