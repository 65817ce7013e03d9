/** A saved list as the CSV that a batch is made of (requirements.md C4, F5; docs/batch.md). */

import { formatMills } from '#protocol/mills';
import { addressLines, destinationOf } from './address.ts';
import { cleanse } from './cleanse.ts';
import type { EntryMail, ListEntry } from './entry.ts';

export interface ListCsvOptions {
  /** Of entries that say none. */
  readonly mail?: EntryMail | undefined;
  /** Where the letters are posted: addresses of other countries name theirs. */
  readonly origin?: string | undefined;
}

const columns = [
  ...['reference', 'service', 'destination', 'postage', 'weight'],
  ...['zone', 'extras', 'mailing date', 'addressee'],
];

/** Addresses stand in their standard form, but for those that somebody vouched for as they are. */
export function* listCsv(
  entries: Iterable<ListEntry>,
  { mail = {}, origin }: ListCsvOptions = {},
): Generator<string> {
  yield `${columns.join(',')}\r\n`;
  for (const entry of entries) {
    const address = entry.override === undefined ? cleanse(entry.address).address : entry.address;
    const own = entry.mail;
    const { postage = mail.postage, weightMg = mail.weightMg ?? 0 } = own;
    const cells = [
      entry.reference,
      String(own.serviceId ?? mail.serviceId ?? ''),
      destinationOf(address),
      postage === undefined ? '' : formatMills(postage),
      weightMg === 0 ? '' : String(weightMg / 1_000),
      String(own.zone ?? mail.zone ?? ''),
      (own.extras ?? mail.extras ?? []).join(' '),
      String(own.mailingDate ?? mail.mailingDate ?? ''),
      addressLines(address, origin).join('|'),
    ];
    yield `${cells.map(quoted).join(',')}\r\n`;
  }
}

const quoted = (cell: string): string =>
  /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
