/** A refusal in a sentence, with the figure that it tells. */

import { formatMills, mills } from '#protocol/mills';
import type { RefusalName } from '#protocol/status';
import { statusEntry } from '#protocol/status-text';

export function refusalText(status: RefusalName, detail: number): string {
  const { text, detail: meaning } = statusEntry(status);
  if (meaning === undefined) return text;
  const isMoney = /\bmills\b/.test(meaning);
  const figure = isMoney ? formatMills(mills(detail)) : String(detail);
  return `${text} (${isMoney ? meaning.replace(/\bmills of the\b|\bmills\b/, 'amount') : meaning}: ${figure})`;
}
