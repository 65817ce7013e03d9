/** docs/documents.md says of every field what the code does: its place, its size, its encoding, its numbers. */

import { readFileSync } from 'node:fs';
import type * as P from 'micro-packed';
import { expect, test } from 'vitest';
import { registersLayout } from '#protocol/command-layouts';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { batchDocument, movementFields, movementKinds } from '#protocol/documents/batch';
import { certificateUsages } from '#protocol/documents/compact-certificate';
import {
  date,
  destination,
  keyIdField,
  meterId,
  publicKey,
  zip,
} from '#protocol/documents/document-fields';
import { bodyForms } from '#protocol/documents/image-header';
import { indiciumFlags } from '#protocol/documents/indicium';
import { acknowledgementDocument } from '#protocol/documents/inspection';
import { ibiFields, ibiLiteFields } from '#protocol/documents/legacy-indicium';
import { logMeaning } from '#protocol/documents/log-meaning';
import { lockActions } from '#protocol/documents/orders';
import { rateFields, rateKinds, weightStepFields } from '#protocol/documents/rate-table';
import { receiptDocument, transactionKinds } from '#protocol/documents/receipt';
import { refillKinds, refillReasons } from '#protocol/documents/refill';
import { logEventNames, logRecordFields } from '#protocol/documents/security-log';
import {
  spoilageAnswerDocument,
  spoilageReasons,
  spoilageRequestDocument,
  spoilageVerdicts,
} from '#protocol/documents/spoilage';
import { keyNumber, revocationReasons } from '#protocol/documents/user-key';
import { valueIssueDocument, valueRequestDocument } from '#protocol/documents/value';
import { mills24, mills32, mills40, mills48, u8, u16, u24, u32, u40, u48 } from '#protocol/fields';
import {
  accountKindNames,
  accountNames,
  lifeCycleNames,
  lockNames,
  lockReasonNames,
} from '#protocol/state';
import { samples } from '#test/support/documents';
import { fieldsOf } from '#tools/layout';

const page = readFileSync(new URL('../../../docs/documents.md', import.meta.url), 'utf8');

interface Row {
  readonly offset: string;
  readonly length: string;
  readonly field: string;
  readonly encoding: string;
}

/** The rows of the table under a heading. */
function tableOf(heading: string): readonly Row[] {
  const section = page.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| (.*) \|$/gm)]
    .map(([, line]) => (line as string).split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .slice(2)
    .map(([offset = '', length = '', field = '', encoding = '']) => {
      return { offset, length, field, encoding };
    });
}

const encodingByCoder = new Map<unknown, string>([
  [u8, 'u8'],
  [u16, 'u16'],
  [keyNumber, 'u16'],
  [u24, 'u24'],
  [u32, 'u32'],
  [u40, 'u40'],
  [u48, 'u48'],
  [mills24, 'mills24'],
  [mills32, 'mills32'],
  [mills40, 'mills40'],
  [mills48, 'mills48'],
  [date, 'date'],
  [zip, 'ZIP'],
  [destination, 'destination'],
  [meterId, 'meter id'],
  [keyIdField, 'key id'],
  [publicKey, 'public key'],
]);
/** Of these every use is a coder of its own; what they say is checked by size alone, and by the lists below. */
const unnamedEncodings = ['bytes', 'text', 'name', 'name16', 'flags', 'constant', 'registers'];
/** The one number that is narrowed where it stands. */
const narrowed: Readonly<Record<string, string>> = { 'IBI version': 'u8' };

type Layout = Readonly<Record<string, P.CoderType<never>>>;
const layoutOf = (fields: object): Layout => fields as Layout;

/** What the table must say. A field without a fixed size must be described by hand. */
function rowsOf(heading: string, magic: string, fields: object, signed: boolean): readonly Row[] {
  const written = tableOf(heading);
  const rows: Row[] = [];
  let offset = 0;
  const add = (field: string, size: number | undefined, coder?: unknown): void => {
    const said = written.find((row) => row.field === field);
    const free = unnamedEncodings.find((each) => each === said?.encoding) ?? 'bytes';
    const byHand = size === undefined ? said : undefined;
    rows.push({
      offset: Number.isNaN(offset) ? '' : String(offset),
      length: byHand?.length ?? String(size),
      field,
      encoding:
        encodingByCoder.get(coder) ?? narrowed[`${heading} ${field}`] ?? byHand?.encoding ?? free,
    });
    offset += size ?? Number.NaN;
  };
  if (magic !== '') add('magic', magic.length);
  for (const [field, coder] of Object.entries(layoutOf(fields))) add(field, coder.size, coder);
  if (signed) add('signature', SIGNATURE_SIZE);
  return rows;
}

test.each([
  ['Indicium', samples.indicium, true],
  ['Compact certificate', samples['compact-certificate'], true],
  ['Authority key', samples['authority-key'], true],
  ['Key renewal', samples['key-renewal'], true],
  ['Key request', samples['key-request'], true],
  ['Key grant', samples['key-grant'], true],
  ['Revocation request', samples['revocation-request'], true],
  ['Revocation order', samples['revocation-order'], true],
  ['Revocation confirmation', samples['revocation-confirmation'], true],
  ['Licence', samples.licence, true],
  ['Rate table', samples['rate-table'], true],
  ['Rate', { magic: '', fields: rateFields }, false],
  ['Weight step', { magic: '', fields: weightStepFields }, false],
  ['Refill request', samples['refill-request'], true],
  ['Refill authorisation', samples['refill-authorisation'], true],
  ['Inspection report', samples['inspection-report'], true],
  ['Acknowledgement', acknowledgementDocument, true],
  ['Security-log record', { magic: '', fields: logRecordFields }, false],
  ['Lock order', samples['lock-order'], true],
  ['Clock setting', samples['clock-setting'], true],
  ['Withdrawal request', samples['withdrawal-request'], true],
  ['Withdrawal authorisation', samples['withdrawal-authorisation'], true],
  ['Withdrawal report', samples['withdrawal-report'], true],
  ['Value request', valueRequestDocument, true],
  ['Value issue', valueIssueDocument, true],
  ['Spoilage request', spoilageRequestDocument, true],
  ['Spoilage answer', spoilageAnswerDocument, true],
  ['Batch', batchDocument, true],
  ['Movement', { magic: '', fields: movementFields }, false],
  ['Receipt', receiptDocument, true],
  ['Image header', samples['image-header'], true],
  ['IBI', { magic: '', fields: ibiFields }, false],
  ['IBI-Lite', { magic: '', fields: ibiLiteFields }, false],
])('%s', (heading, { magic, fields }, signed) => {
  expect(tableOf(heading)).toEqual(rowsOf(heading, magic, fields, signed));
});

test('Registers', () => {
  let offset = 0;
  const rows = fieldsOf(registersLayout as P.CoderType<unknown>).map(({ name, size, kind }) => {
    const row = { offset: String(offset), length: String(size), field: name };
    offset += size;
    return { ...row, encoding: kind === 'name' ? 'name' : size === 6 ? 'mills48' : 'u32' };
  });

  expect(tableOf('Registers')).toEqual(rows);
});

const documents = [
  ['Compact certificate', samples['compact-certificate']],
  ['Authority key', samples['authority-key']],
  ['Licence', samples.licence],
  ['Rate table', samples['rate-table']],
  ['Refill request', samples['refill-request']],
  ['Refill authorisation', samples['refill-authorisation']],
  ['Inspection report', samples['inspection-report']],
  ['Acknowledgement', acknowledgementDocument],
  ['Lock order', samples['lock-order']],
  ['Clock setting', samples['clock-setting']],
  ['Withdrawal request', samples['withdrawal-request']],
  ['Withdrawal authorisation', samples['withdrawal-authorisation']],
  ['Withdrawal report', samples['withdrawal-report']],
  ['Value request', valueRequestDocument],
  ['Value issue', valueIssueDocument],
  ['Image header', samples['image-header']],
] as const;

test.each(documents)('the page tells size and magic of the %s', (heading, { magic, fields }) => {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const countSize = heading === 'Licence' ? 1 : 2; // of services or rates, the only parts without a fixed size
  const sizes = Object.values(layoutOf(fields)).map(({ size }) => size ?? countSize);

  const size = sizes.reduce((sum, each) => sum + each, magic.length + SIGNATURE_SIZE);

  expect(section).toMatch(new RegExp(`\\b${size} bytes\\b`));
  expect(section).toContain(`| bytes | ${magic} |`);
});

test('no signature can be moved from one kind to another: each has a beginning of its own', () => {
  const beginnings = documents.map(([, { magic }]) => magic);

  expect(new Set(beginnings).size).toBe(documents.length);
  expect(beginnings.filter((magic) => magic.startsWith('\x54\x50'))).toEqual([]);
});

test.each<[string, readonly string[]]>([
  ['usages', certificateUsages],
  ['kinds of rates', rateKinds],
  ['reasons', refillReasons],
  ['reasons of revocations', revocationReasons],
  ['reasons of spoilage', spoilageReasons],
  ['verdicts on spoilage', spoilageVerdicts],
  ['transactions', transactionKinds],
  ['movements', movementKinds],
  ['kinds of refills', refillKinds],
  ['accounts', accountNames],
  ['kinds of accounts', accountKindNames],
  ['actions', lockActions],
  ['reasons of locks', lockReasonNames],
  ['forms of a body', bodyForms],
  ['life cycles', lifeCycleNames],
])('%s have the numbers that the page tells', (_, names) => {
  expect(page).toContain(`${names.map((name, number) => `${number} ${name}`).join(' · ')} |`);
});

test.each<[string, readonly string[]]>([
  ['an indicium', indiciumFlags],
  ['an inspection report', lockNames],
])('the flags of %s have the bits that the page tells', (_, names) => {
  expect(page).toContain(`| bit ${names.map((name, bit) => `${bit} ${name}`).join(' · ')} |`);
});

test.each(logEventNames.map((name, number) => [name, number] as const))(
  'the page tells the figures of the event %s',
  (name, number) => {
    const { a = '–', b = '–', c = '–' } = logMeaning[name];

    expect(page).toContain(`| ${number} | ${name} | ${a} | ${b} | ${c} |`);
  },
);
