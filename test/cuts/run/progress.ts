/** Tells on a terminal how far a run is: what it does now, how fast, and how long it will take yet. */

import type { Task } from '../campaigns/task.ts';
import { unitOf } from '../campaigns/task.ts';
import type { Part } from './plan.ts';

/** How often it is drawn anew. */
const DRAW_MS = 500;
/** Seconds of work that a single unit of a campaign takes, about: what the time left is worked out from. */
const weights: Readonly<Record<Task['campaign'], number>> = {
  single: 4e-3,
  double: 8e-3,
  weak: 4e-2,
  flips: 6e-3,
  wearout: 2,
  journal: 0.4,
  life: 2e-5,
};

export interface Progress {
  add(count: number): void;
  partDone(place: number): void;
  /** Wipes the line. */
  end(): void;
}

const silent: Progress = { add: () => undefined, partDone: () => undefined, end: () => undefined };

export function createProgress(parts: readonly Part[], isQuiet: boolean): Progress {
  const { stderr } = process;
  if (isQuiet || stderr.isTTY !== true) return silent;
  const beginMs = performance.now();
  const weightOf = ({ task, amount }: Part): number => weights[task.campaign] * amount;
  const all = parts.reduce((sum, part) => sum + weightOf(part), 0);
  let behind = 0;
  let count = 0;
  let drawnMs = 0;
  let campaign = '';

  function draw(): void {
    const nowMs = performance.now();
    if (nowMs - drawnMs < DRAW_MS) return;
    drawnMs = nowMs;
    const seconds = (nowMs - beginMs) / 1000;
    const left = behind === 0 ? '' : `, ${clock((seconds * (all - behind)) / behind)} left`;
    const rate = Math.round(count / seconds).toLocaleString('en-US');
    const share = Math.floor((100 * behind) / all);
    stderr.write(
      `\r\x1b[K${share} %, ${count.toLocaleString('en-US')} judged, ${rate} /s${left} (${campaign})`,
    );
  }

  return {
    add(more) {
      count += more;
      draw();
    },
    partDone(place) {
      const part = parts[place] as Part;
      behind += weightOf(part);
      campaign = `${part.task.campaign} ${unitOf[part.task.campaign]}`;
      draw();
    },
    end: () => void stderr.write('\r\x1b[K'),
  };
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const pad = (part: number): string => String(part).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}
