/** The operations on a trace of a board (operations.ts). */

import { decline } from '#protocol/http/refusal';
import type { Rig } from '../rig/rig.ts';
import { packedTrace } from '../trace/trace-file.ts';
import type { Performers } from './perform.ts';

export function traces(rig: Rig): Pick<Performers, 'startTrace' | 'stopTrace' | 'fetchTrace'> {
  const { tracing } = rig;
  const told = () => {
    const { state } = tracing;
    return state === undefined ? decline('nothingRecorded') : ({ ok: true, value: state } as const);
  };
  return {
    startTrace({ withSecrets = false }) {
      rig.startTrace(withSecrets);
      return told();
    },
    stopTrace() {
      tracing.end();
      return told();
    },
    fetchTrace() {
      const { state } = tracing;
      const text = tracing.text();
      if (state === undefined || text === undefined) return decline('nothingRecorded');
      return { ok: true, value: { trace: packedTrace(text), tracing: state } };
    },
  };
}
