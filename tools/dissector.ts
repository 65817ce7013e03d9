/** Writes docs/tessera.lua: the dissector for Wireshark, its tables made from the command table (docs/trace.md). */

import type * as P from 'micro-packed';
import { commandNames, commandOf } from '#protocol/command';
import { KEM_CIPHERTEXT_SIZE } from '#protocol/crypto';
import { imagePlaceNames, spareStateNames } from '#protocol/documents/image-slot';
import { refillKinds } from '#protocol/documents/refill';
import { suites } from '#protocol/handshake-layout';
import {
  accountNames,
  callerNames,
  lifeCycleNames,
  lockNames,
  lockReasonNames,
  stateNames,
  warningNames,
} from '#protocol/state';
import { statuses } from '#protocol/status';
import { commandSource } from './command-source.ts';
import { commandLayout, type Declaration, namedLayout } from './declared-layout.ts';
import { type Field, fieldsOf } from './layout.ts';
import { readRepositoryFile } from './sources.ts';

/** Lists of names that fields of open requests and responses have. */
const lists: Readonly<Record<string, readonly string[]>> = {
  stateNames,
  lifeCycleNames,
  callerNames,
  lockNames,
  warningNames,
  lockReasonNames,
  refillKinds,
  accountNames,
  imagePlaceNames,
  spareStateNames,
};

/** One field as the script takes it: name, kind, bytes, and a list of names or the fields of a struct. */
type Row = readonly [name: string, kind: string, size: number, more?: string | readonly Row[]];

export function dissectorScript(): string {
  const commands = commandNames.map((name): [number, string] => [commandOf(name).code, name]);
  const statusNames = Object.entries(statuses).map(([name, { code }]): [number, string] => [
    code,
    name,
  ]);
  const numbered = Object.entries(lists).map(
    ([name, list]) => `  ${name} = ${numbers([...list.entries()])},`,
  );
  return [
    '-- A dissector for Wireshark and tshark: frames, messages, handshake, and what open requests say. Sealed records stay sealed.',
    '-- Made from the command table and tools/dissector/dissector.lua by `npm run docs`; a test keeps it fresh. Do not edit.',
    '--',
    '--     tshark -X lua_script:docs/tessera.lua -r meter.pcapng',
    '',
    'local names = {',
    `  command = ${numbers(commands)},`,
    `  status = ${numbers(statusNames)},`,
    ...numbered,
    '}',
    '',
    '-- Of each service in clear: name, kind, bytes, and the names or fields of it.',
    'local layouts = {',
    ...openLayouts(),
    '}',
    '',
    'local handshake = {',
    ...handshakeLayouts(),
    '}',
    '',
    readRepositoryFile('tools/dissector/dissector.lua'),
  ].join('\n');
}

const numbers = (entries: ReadonlyArray<readonly [number, string]>): string =>
  `{ ${entries.map(([code, name]) => `[${code}] = "${name}"`).join(', ')} }`;

function openLayouts(): string[] {
  const source = commandSource();
  return commandNames
    .filter((name) => commandOf(name).channel === 'open')
    .map((name) => {
      const { request, response } = commandOf(name);
      const side = (which: 'request' | 'response', coder: P.CoderType<unknown>): string => {
        const declared = commandLayout(source, name, which);
        const fields = fieldsOf(coder);
        const isShared = typeof declared === 'string' && fields.length > 0;
        const declarations = isShared ? namedLayout(source, declared as string) : declared;
        return rows(rowsOf(source, fields, declarations as readonly Declaration[]));
      };
      return `  ${name} = { request = ${side('request', request)}, response = ${side('response', response)} },`;
    });
}

function rowsOf(
  source: string,
  fields: readonly Field[],
  declared: readonly Declaration[],
): readonly Row[] {
  return fields.map(({ name, kind, size, extent, fields: inner }, place): Row => {
    const type = declared[place]?.type ?? '';
    if (kind === 'struct')
      return [name, kind, size, rowsOf(source, inner, namedLayout(source, type))];
    if (extent !== 'fixed') return [name, extent, size];
    if (kind !== 'name' && kind !== 'flags') return [name, kind, size];
    return [name, kind, size, listOf(type)];
  });
}

function listOf(type: string): string {
  const name = /^(?:oneOf|flags)\((\w+)\)$/.exec(type)?.[1];
  if (name === undefined || !(name in lists)) throw new Error(`${type} is no list of names`);
  return name;
}

/** The sizes that the handshake names its fields by. */
const sizes: Readonly<Record<string, number>> = {
  PUBLIC_KEY_SIZE: 33,
  NONCE_SIZE: 16,
  METER_ID_SIZE: 8,
  SIGNATURE_SIZE: 64,
  DIGEST_SIZE: 32,
  ciphertextSize: KEM_CIPHERTEXT_SIZE,
};

/** Their coders hold a magic and a list, which no reading of zeros passes: so they are read from their source. */
function handshakeLayouts(): string[] {
  const source = readRepositoryFile('protocol/handshake-layout.ts');
  const hello = namedLayout(source, 'helloLayout').map(handshakeRow);
  const core = namedLayout(source, 'core').map(handshakeRow);
  const [, ...proof] = namedLayout(source, 'whole');
  const confirmation = namedLayout(source, 'confirmationLayout').map(handshakeRow);
  return [
    `  hello = ${rows(hello)},`,
    `  answer = ${rows([...core, ...proof.map(handshakeRow)])},`,
    `  confirmation = ${rows(confirmation)},`,
  ];
}

function handshakeRow({ name, type }: Declaration): Row {
  const sized = /^bytes\((\w+)\)$/.exec(type)?.[1];
  if (sized !== undefined) {
    const size = sizes[sized];
    if (size === undefined) throw new Error(`${sized} has no size here`);
    return [name, sized === 'ciphertextSize' ? 'ciphertext' : 'bytes', size];
  }
  if (type === 'u8') return [name, 'number', 1];
  if (type === 'bytes8') return [name, 'prefixed', 1];
  if (type === 'bytes16') return [name, 'prefixed', 2];
  if (type.startsWith('magic(')) return [name, 'bytes', 5];
  if (type.startsWith('oneOf(')) return [name, 'name', 1, listOf(type)];
  if (type.startsWith('P.array(null')) return [name, 'rest', 0];
  throw new Error(`${name} is a ${type}, which the dissector does not know`);
}

function rows(fields: readonly Row[]): string {
  if (fields.length === 0) return '{}';
  return `{ ${fields.map(row).join(', ')} }`;
}

function row([name, kind, size, more]: Row): string {
  const last = more === undefined ? '' : `, ${typeof more === 'string' ? `"${more}"` : rows(more)}`;
  const isHybrid = kind === 'ciphertext';
  const only = isHybrid ? `, only_suite = ${suites.hybrid}` : '';
  return `{ "${name}", "${isHybrid ? 'bytes' : kind}", ${size}${last}${only} }`;
}
