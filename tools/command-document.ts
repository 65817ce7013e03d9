/** Writes docs/commands.md: the command table and the status catalogue as a specification (architecture.md decision 3). */

import type * as P from 'micro-packed';
import { type CommandName, commandNames, commandOf, retiredCodes } from '#protocol/command';
import {
  conditionLayout,
  pieceKinds,
  registersLayout,
  requestId,
  statusLayout,
} from '#protocol/command-layouts';
import { postmarkVerdicts } from '#protocol/commands/postmarks';
import { userKeyLayout } from '#protocol/commands/user-keys';
import { encodeRefusal, encodeRequest, encodeSuccess } from '#protocol/dispatch';
import { refillKinds } from '#protocol/documents/refill';
import { keyUseNames, revocationReasons } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { refuse } from '#protocol/result';
import {
  accountNames,
  callerNames,
  lifeCycleNames,
  lockNames,
  lockReasonNames,
  stateNames,
  warningNames,
} from '#protocol/state';
import { type StatusName, statuses } from '#protocol/status';
import { type StatusEntry, statusEntry } from '#protocol/status-text';
import { commandSource } from './command-source.ts';
import { commandLayout, commandSummary, type Declaration, namedLayout } from './declared-layout.ts';
import { type Field, fieldsOf } from './layout.ts';
import { markdownTable } from './markdown.ts';

/** Layouts that more than one command uses, or that are too long for its place. */
const sharedLayouts: Readonly<Record<string, P.CoderType<unknown>>> = {
  requestId: requestId as P.CoderType<unknown>,
  registersLayout: registersLayout as P.CoderType<unknown>,
  statusLayout: statusLayout as P.CoderType<unknown>,
  conditionLayout: conditionLayout as P.CoderType<unknown>,
  userKeyLayout: userKeyLayout as P.CoderType<unknown>,
};
const anchor = (name: string): string => `#${name.toLowerCase()}`;
const code = (value: number, digits: number): string =>
  `\`0x${value.toString(16).padStart(digits, '0')}\``;
const hexBytes = (bytes: Uint8Array): string =>
  `\`${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}\``;

/** The document, from the command table, its source and the status catalogue. */
export function commandDocument(): string {
  const source = commandSource();
  return [
    introduction(),
    '## Services\n',
    serviceTable(),
    '\n## Requests and responses\n',
    ...commandNames.map((name) => commandSection(source, name)),
    '## Shared layouts\n',
    ...Object.entries(sharedLayouts).map(
      ([name, coder]) =>
        `### ${name}\n\n${layoutTable(fieldsOf(coder), namedLayout(source, name))}\n`,
    ),
    '## Names on the wire\n',
    'A field that holds a name is one byte: the place of the name in its list, counted from 0. One that holds facts has the bit of that place for each.\n',
    markdownTable(
      ['list', 'names'],
      [
        ['stateNames', numbered(stateNames)],
        ['lifeCycleNames', numbered(lifeCycleNames)],
        ['callerNames', numbered(callerNames)],
        ['lockNames', numbered(lockNames)],
        ['warningNames', numbered(warningNames)],
        ['keyUseNames', numbered(keyUseNames)],
        ['revocationReasons', numbered(revocationReasons)],
        ['postmarkVerdicts', numbered(postmarkVerdicts)],
        ['lockReasonNames', numbered(lockReasonNames)],
        ['accountNames', numbered(accountNames)],
        ['refillKinds', numbered(refillKinds)],
        ['pieceKinds', numbered(pieceKinds)],
      ],
    ),
    `\n${statusCatalogue()}`,
  ].join('\n');
}

const numbered = (names: readonly string[]): string =>
  names.map((name, place) => `${place} ${name}`).join(' · ');

function introduction(): string {
  const refusal = encodeRefusal(0x31, refuse('insufficientFunds', 370), 'idle');
  const request = encodeRequest('refillRequest', {
    kind: 'purchase',
    account: 'postal',
    amount: mills(50_000),
  });
  const response = encodeSuccess('logIn', {}, 'idle');
  return `# Commands

Made from \`protocol/commands/\`, \`protocol/command-layouts.ts\` and \`protocol/status.ts\` by \`npm run docs\`; a test keeps it fresh. Do not edit.

Every service of the meter, with its bytes. How the bytes travel is in [link.md](link.md), the signed documents that
some fields carry are in [documents.md](documents.md), and who may do what in which state is a matrix in
[SECURITY.md](../SECURITY.md).

All integers are unsigned and little-endian. Amounts are mills, 1/1000 of the currency unit. Keys are compressed points
on P-256 (33 bytes), signatures r ‖ s (64 bytes), both big-endian.

- A request is the code of the command (u8), then its layout. Nothing may follow: a request with a byte too few or too
  many is refused as \`malformedRequest\`. A request for 50.000 of value: ${hexBytes(request)}
- A response is the code of the request (u8), the status (u16), the state the meter is in now (u8), then, where the
  status is 0, the layout of the response. Logged in: ${hexBytes(response)}
- Where the status is not 0, a detail (u48) follows instead; the [catalogue](#status-catalogue) tells what it counts.
  0.370 are missing: ${hexBytes(refusal)}
- The meter looks at a request in this order: is there such a command, does the state allow it, does it need a session,
  does the stage of life allow it, does the role, do the bytes have the layout. The first reason against it is the answer,
  and nothing has changed.
- Channel \`open\` is in clear, \`sealed\` inside a session. Where a service enters a state, the meter is in it while the
  service is performed, and back in \`idle\` (or \`uninitialized\`) when the response leaves, unless a fault intervened.
- Codes that had another layout in version 1 of the protocol and are never used again: ${retiredCodes.map((each) => code(each, 2)).join(', ')}.
- Offsets count from the first byte of the layout, behind the code or the state.
`;
}

function serviceTable(): string {
  return markdownTable(
    ['code', 'service', 'channel', 'callers', 'states', 'enters', 'life cycles', 'charged'],
    commandNames.map((name) => {
      const command = commandOf(name);
      return [
        code(command.code, 2),
        `[${name}](${anchor(name)})`,
        command.channel,
        orAny(command.callers, callerNames),
        command.states.join(', '),
        command.enters ?? '–',
        orAny(command.lifeCycles, lifeCycleNames),
        command.charged ? 'yes' : 'no',
      ];
    }),
  );
}

const orAny = (names: readonly string[], all: readonly string[]): string =>
  names.length === all.length ? 'any' : names.join(', ');

function commandSection(source: string, name: CommandName): string {
  const { code: number, request, response } = commandOf(name);
  const side = (which: 'request' | 'response', coder: P.CoderType<unknown>): string => {
    const fields = fieldsOf(coder);
    const declared = commandLayout(source, name, which);
    const title = which === 'request' ? 'Request' : 'Response';
    if (fields.length === 0) return `${title}: nothing more.\n`;
    if (typeof declared !== 'string') return `${title}:\n\n${layoutTable(fields, declared)}\n`;
    if (!(declared in sharedLayouts)) throw new Error(`${declared} is no shared layout`);
    return `${title}: [${declared}](${anchor(declared)}), ${sizeOf(fields)} bytes.\n`;
  };
  return [
    `### ${name}\n`,
    `${code(number, 2)} · ${commandSummary(source, name)}\n`,
    side('request', request),
    side('response', response),
  ].join('\n');
}

const sizeOf = (fields: readonly Field[]): number =>
  fields.reduce((sum, { size }) => sum + size, 0);

function layoutTable(fields: readonly Field[], declared: readonly Declaration[]): string {
  let offset: number | undefined = 0;
  const rows = fields.map((field, place) => {
    const declaration = declared[place];
    if (declaration?.name !== field.name)
      throw new Error(`${field.name} is declared as ${declaration?.name ?? 'nothing'}`);
    const row = [
      offset === undefined ? '–' : String(offset),
      field.name,
      extentOf(field, declaration),
      declaration.comment,
    ];
    offset = offset === undefined || field.extent !== 'fixed' ? undefined : offset + field.size;
    return row;
  });
  const hasMeanings = declared.some(({ comment }) => comment !== '');
  const head = ['offset', 'field', 'bytes', 'meaning'];
  return hasMeanings
    ? markdownTable(head, rows)
    : markdownTable(
        head.slice(0, 3),
        rows.map((row) => row.slice(0, 3)),
      );
}

function extentOf({ kind, size, extent }: Field, { type }: Declaration): string {
  if (extent === 'rest') return 'all that are left';
  const item = /^listOf\(\w+, (\w+)\)$/.exec(type)?.[1];
  if (item !== undefined) return `u${size * 8} length, then as many ${item}`;
  if (extent === 'prefixed') return `u${size * 8} length, then as many bytes`;
  const list = /^oneOf\((.*)\)$/.exec(type)?.[1];
  switch (kind) {
    case 'number':
      return type.startsWith('mills') ? `u${size * 8}, mills` : `u${size * 8}`;
    case 'boolean':
      return 'u8, 0 or 1';
    case 'name':
      return `u${size * 8}, [${list ?? type}](#names-on-the-wire)`;
    case 'flags':
      return `u${size * 8}, a bit for each of [${/^flags\((.*)\)$/.exec(type)?.[1] ?? type}](#names-on-the-wire)`;
    case 'struct':
      return `${size}, [${type}](${anchor(type)})`;
    case 'bytes':
    case 'list':
      return String(size);
  }
}

const ranges: ReadonlyArray<readonly [number, string]> = [
  [0x00, 'Success'],
  [0x01, 'The request'],
  [0x02, 'State and access'],
  [0x03, 'Value'],
  [0x04, 'Documents'],
  [0x05, 'Lock-ups and time-outs'],
  [0x0f, 'Faults: the error state'],
];

function statusCatalogue(): string {
  const names = Object.keys(statuses) as StatusName[];
  const entries = names.map((name): readonly [string, StatusEntry] => [name, statusEntry(name)]);
  const known = new Set(ranges.map(([range]) => range));
  const stray = entries.find(([, entry]) => !known.has(entry.code >> 8));
  if (stray !== undefined) throw new Error(`the range of ${stray[0]} has no title`);
  const sections = ranges.map(([range, title]) => {
    const rows = entries
      .filter(([, entry]) => entry.code >> 8 === range)
      .map(([name, entry]) => [
        code(entry.code, 4),
        name,
        entry.advice,
        entry.detail ?? '–',
        entry.text,
      ]);
    return `### ${title}\n\n${markdownTable(['code', 'status', 'advice', 'detail', 'text'], rows)}\n`;
  });
  return `## Status catalogue

Numbered once, never reused. Advice: \`retry\` the same request may succeed if sent again; \`wait\` it may succeed after the
time in the detail; \`act\` something must be done first; \`final\` it will never succeed.

${sections.join('\n')}`;
}
