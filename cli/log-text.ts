/** A record of the security log as a person reads it: figures that stand for words are words (requirements.md A9). */

import { logMeaning } from '#protocol/documents/log-meaning';
import { lockActions } from '#protocol/documents/orders';
import { refillKinds } from '#protocol/documents/refill';
import type { LogEventName, LogRecord } from '#protocol/documents/security-log';
import { formatMills, mills } from '#protocol/mills';
import { callerNames, lockReasonNames } from '#protocol/state';
import { statusName } from '#protocol/status';
import { momentText } from './condition-text.ts';
import { versionText } from './version-text.ts';

type Figure = 'a' | 'b' | 'c';
type Reader = (figure: number) => string;

const nameIn =
  (names: readonly string[]): Reader =>
  (figure) =>
    names[figure] ?? `number ${figure}`;

const amount: Reader = (figure) => formatMills(mills(figure));
const day: Reader = (figure) => String(figure).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
const status: Reader = (figure) => statusName(figure) ?? `number ${figure}`;

const titles: Readonly<
  Partial<Record<LogEventName, Readonly<Partial<Record<Figure, readonly [title: string, Reader]>>>>>
> = {
  refillRequested: { a: ['', amount], c: ['', nameIn(refillKinds)] },
  refilled: {
    a: ['', (figure) => (figure === 0 ? 'refused' : amount(figure))],
    c: ['', nameIn(refillKinds)],
  },
  withdrawalRequested: { a: ['postal', amount], c: ['certificate', amount] },
  corrected: { a: ['postage', amount] },
  redated: { a: ['now for', day] },
  passwordWrong: { b: ['of', nameIn(callerNames)] },
  passwordChanged: { b: ['of', nameIn(callerNames)] },
  hostKeyChanged: { b: ['of', nameIn(callerNames)] },
  locked: { b: ['', nameIn(lockActions)], c: ['because of', nameIn(lockReasonNames)] },
  clockSet: { a: ['from', momentText], b: ['to', momentText] },
  clockFault: { a: ['it showed', momentText], b: ['last on record', momentText] },
  imageLoaded: { a: ['version', versionText], b: ['by', versionText] },
  selfTestFailed: { a: ['', status] },
};

/** `7  2026-03-01 12:00 UTC  refilled  100.000, sequence: 2, purchase` */
export function logRecordText(record: LogRecord): string {
  const { count, timeMs, event } = record;
  const meanings = Object.entries(logMeaning[event]) as [Figure, string][];
  const figures = meanings.map(([name, meaning]) => figureText(event, name, meaning, record[name]));
  const told = figures.length > 0 ? `  ${figures.join(', ')}` : '';
  return `${count}  ${momentText(timeMs)}  ${event}${told}`;
}

function figureText(event: LogEventName, name: Figure, meaning: string, figure: number): string {
  const known = titles[event]?.[name];
  if (known === undefined) return `${meaning}: ${figure}`;
  const [title, read] = known;
  return `${title} ${read(figure)}`.trim();
}
