/** Somebody changes a label: the authority does not take it. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { ServerLinkError } from '#cli/server/http-client';
import type { Fault } from '../happening.ts';
import { Violation } from '../violation.ts';

export const forgeEvidence: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const choice = random.below(1_000_000);
    const known = [...world.evidence.all.keys()];
    const genuine = known[choice % Math.max(1, known.length)];
    if (genuine === undefined) return;
    const evidence = hexToBytes(genuine);
    const at = random.below(evidence.length);
    evidence[at] = (evidence[at] as number) ^ (1 << random.below(8));
    world.faults.count('evidenceForged');
    world.operator.authority.verifyEvidence({ evidence, seenMs: undefined }).then(
      ({ accepted }) => {
        if (accepted) world.alarm(new Violation('fraud', 'the authority takes a forged label'));
      },
      (error: unknown) => {
        if (error instanceof ServerLinkError) return;
        world.alarm(new Violation('crash', `a forged label: ${String(error)}`, error));
      },
    );
  },
};
