/** Files of addresses of every kind, and hostile ones: what is read, and what is told (requirements.md F5). */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importList } from '#driver/lists/import-list';
import { openListStore } from '#driver/lists/list-store';
import { mappingOf } from '#driver/lists/mapping';
import { type OpenTableOptions, openTable } from '#driver/lists/open-table';
import { failureOf } from '#test/support/settle';
import { temporaryFolder } from '#test/support/temporary-folder';
import { workbook, zipOf } from '#test/support/workbook';

function fileOf(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, content);
  return path;
}

async function every<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

async function tableOf(content: string | Uint8Array, options: OpenTableOptions = {}) {
  const { rows, ...table } = await openTable(fileOf(content), options);
  return { ...table, rows: await every(rows) };
}

async function imported(content: string | Uint8Array, options: OpenTableOptions = {}) {
  const table = await openTable(fileOf(content), options);
  const store = openListStore(':memory:');
  const report = await importList(store, 'list', table, {
    mapping: mappingOf(table.columns),
    country: 'US',
    referenceOf: (line) => `row ${line}`,
    skipsWrong: true,
  });
  const entries = [...store.entries('list')];
  store[Symbol.dispose]();
  return { ...report, entries };
}

const TEXT = 'Name;Straße\r\nŻółć Ünal;Ulica 1\r\n';

test.each([
  ['utf-8', Buffer.from(TEXT), 'utf-8', 'Żółć Ünal'],
  ['utf-8 with a mark', Buffer.from(`\ufeff${TEXT}`), 'utf-8', 'Żółć Ünal'],
  ['utf-16le with a mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le'), 'utf-16le', 'Żółć Ünal'],
  ['utf-16le without', Buffer.from(TEXT, 'utf16le'), 'utf-16le', 'Żółć Ünal'],
  ['utf-16be', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16(), 'utf-16be', 'Żółć Ünal'],
  ['latin 1', Buffer.from('Name;Straße\nMüller;Öl 1\n', 'latin1'), 'windows-1252', 'Müller'],
])('text in %s is read', async (_, bytes, encoding, name) => {
  const table = await tableOf(bytes);

  expect(table).toMatchObject({ format: 'csv', encoding, columns: ['Name', 'Straße'] });
  expect(table.rows[0]?.cells[0]).toBe(name);
});

test('an encoding that is said goes before one that is likely; a wrong one is told', async () => {
  const cyrillic = Uint8Array.from([
    ...Buffer.from('name,street\n'),
    0xc0,
    0xed,
    0xed,
    0xe0,
    0x2c,
    0x31,
  ]);

  const said = await tableOf(cyrillic, { encoding: 'windows-1251' });

  expect(said.rows[0]?.cells).toEqual(['Анна', '1']);
  await expect(tableOf(cyrillic, { encoding: 'utf-8' })).rejects.toThrow(/is not UTF-8/);
  await expect(tableOf(cyrillic, { encoding: 'klingon' })).rejects.toThrow(/no encoding klingon/);
});

test.each([',', ';', '\t', '|'])('cells apart by %j are found', async (separator) => {
  const table = await tableOf(
    `name${separator}"a,;b"${separator}zip\n1${separator}2${separator}3\n`,
  );

  expect(table.columns).toEqual(['name', 'a,;b', 'zip']);
});

test('a workbook shows texts, numbers and results, and never a formula', async () => {
  const shared =
    '<si><t>name</t></si><si><t>street</t></si><si><r><t>Ann </t></r><r><t>Smith</t></r><rPh><t>x</t></rPh></si>';
  const rows =
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>zip</t></is></c></row>' +
    '<row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3" t="str"><f>HYPERLINK("x")</f><v>1 Main St</v></c><c r="C3"><v>2134</v></c></row>' +
    '<row r="4"><c r="B4" t="e"><v>#REF!</v></c></row>';

  const table = await tableOf(workbook(rows, shared));

  expect(table).toMatchObject({ format: 'xlsx', columns: ['name', 'street', 'zip'] });
  expect(table.rows).toEqual([
    { line: 3, cells: ['Ann Smith', '1 Main St', '2134'], problem: undefined },
    { line: 4, cells: [], problem: 'a cell shows the error #REF!' },
  ]);
});

test('cards give their preferred address, whatever version they are', async () => {
  const cards = [
    ...[
      'BEGIN:VCARD',
      'VERSION:2.1',
      'FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller =',
      'Junior',
    ],
    ...['ADR;WORK:;;Weg 1;Bonn;;53111;Germany', 'END:VCARD'],
    ...[
      'BEGIN:VCARD',
      'VERSION:3.0',
      'N:Smith;Ann;;;',
      'item1.ADR;TYPE=home:;;9 Old;Elgin;IL;60120;USA',
    ],
    ...['ADR;TYPE=work,pref:;Suite 5;1 Main\\, North', '  Street;Elgin;IL;60120;USA', 'END:VCARD'],
    ...['BEGIN:VCARD', 'FN:never ended'],
  ];

  const { rows } = await tableOf(cards.join('\r\n'));

  expect(rows.map(({ cells }) => cells.filter(Boolean).join(' / '))).toEqual([
    'Müller Junior / Weg 1 / Bonn / 53111 / Germany',
    'Ann Smith / Suite 5 / 1 Main, North Street / Elgin / IL / 60120 / USA',
    'never ended',
  ]);
  expect(rows[2]?.problem).toMatch(/never ended/);
});

test('objects are read out of an array or line by line, each for itself', async () => {
  const objects = [
    '{"name":"A \\"}{","address":{"street":["1 Main","Floor 2"],"zip":62701}}',
    '{"name":1,}',
  ];
  const inArray = await tableOf(`[${objects.join(',\n')}]`);
  const inLines = await tableOf(objects.join('\n'));

  expect(inArray.columns).toEqual(['name', 'address.street', 'address.zip']);
  for (const { rows } of [inArray, inLines]) {
    expect(rows[0]).toMatchObject({ line: 1, cells: ['A "}{', '1 Main\nFloor 2', '62701'] });
    expect(rows[1]).toMatchObject({ line: 2, problem: 'this is no JSON' });
  }
});

const HEADER = 'name,street,city,state,zip';
const GOOD = 'Ann,1 Main St,Elgin,IL,60120';

test.each([
  ['ESC @', `"\u001b@Ann",1 Main St,Elgin,IL,60120`],
  ['GS V, a cut', `Ann,"1 Main\u001dV\u0000 St",Elgin,IL,60120`],
  ['DLE EOT', `Ann,1 Main St,"El\u0010\u0004gin",IL,60120`],
  ['a line separator', `"Ann\u2028Bob",1 Main St,Elgin,IL,60120`],
  ['text that turns around', `"Ann\u202egnp",1 Main St,Elgin,IL,60120`],
  ['a formula', `"=HYPERLINK(""http://x"")",1 Main St,Elgin,IL,60120`],
  ['a command of a spreadsheet', `@SUM(A1),1 Main St,Elgin,IL,60120`],
  ['a huge cell', `${'A'.repeat(100_000)},1 Main St,Elgin,IL,60120`],
  ['a separator of lines', 'Ann|Bob,1 Main St,Elgin,IL,60120'],
  ['a letter that is none', `"Ann \ufffd",1 Main St,Elgin,IL,60120`],
  ['a quote in the middle', `An"n,1 Main St,Elgin,IL,60120`],
  ['a country that is none', `Ann,1 Main St,Elgin,IL,60120,Atlantis`],
])('a row with %s is told and left out', async (_, row) => {
  const header = row.endsWith('Atlantis') ? `${HEADER},country` : HEADER;

  const report = await imported(`${header}\n${row}\n${GOOD}\n`);

  expect(report).toMatchObject({ rows: 2, taken: 1, wrong: 1 });
  expect(report.entries[0]?.address.name).toBe('Ann');
  const [problem] = report.problems;
  expect(problem).toMatchObject({ kind: 'wrong', line: 2 });
  expect(problem?.what).not.toMatch(/\p{Cc}/u);
});

test.each([
  ['nothing', ''],
  ['zero bytes', Uint8Array.from([0x41, 0, 0, 0, 0x42])],
  ['an old workbook', Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0])],
  ['an archive that is cut short', zipOf({ a: 'b' }).subarray(0, 30)],
  ['an archive without a workbook', zipOf({ a: 'b' })],
  ['a workbook that is no XML', workbook('<row r="1"><c r="A1"></row>')],
  [
    'a workbook with entities',
    zipOf({ 'xl/workbook.xml': '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' }),
  ],
  ['no columns of an address', 'colour,size\nred,1\n'],
  ['JSON of something else', '[1, 2]'],
  ['an unclosed quote in the header', `"name,street\n${GOOD}`],
])('a file of %s is refused in a sentence', async (_, content) => {
  const error = await failureOf(imported(content));

  expect(error).toMatchObject({ name: 'TableError' });
  expect((error as Error).message).not.toMatch(/\p{Cc}/u);
});

test('a bomb is no workbook', async () => {
  const { deflateRawSync } = await import('node:zlib');
  const bomb = deflateRawSync(Buffer.alloc(20_000_000, 'A'));

  expect(bomb.length).toBeLessThan(40_000);
  const { openArchive } = await import('#driver/lists/zip');
  const path = fileOf(packed('xl/workbook.xml', bomb, 20_000_000));
  const archive = await openArchive(path);
  const stream = await archive.read('xl/workbook.xml');
  const error = await failureOf(every(stream));
  archive.close();

  expect(error).toMatchObject({ name: 'TableError' });
  expect((error as Error).message).toMatch(/far more than it is/);
});

/** One deflated part, with sizes that are right. */
function packed(name: string, deflated: Uint8Array, size: number): Uint8Array {
  const title = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(deflated.length, 14);
  common.writeUInt32LE(size, 18);
  common.writeUInt16LE(title.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, title, deflated]);
  const place = Buffer.alloc(14);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02'),
    Buffer.from([20, 0]),
    common,
    place,
    title,
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Uint8Array.from(Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]));
}

test('a list is there whole or not at all', async () => {
  const store = openListStore(':memory:');
  const options = { country: 'US', referenceOf: (line: number) => `row ${line}` };
  const take = async (content: string, more = {}) => {
    const table = await openTable(fileOf(content));
    return await importList(store, 'list', table, {
      ...{ mapping: mappingOf(table.columns), ...options, ...more },
    });
  };
  await take(`${HEADER}\n${GOOD}\n`);

  const wrong = await take(`${HEADER}\n=1,1 Main,Elgin,IL,60120\nBob,2 Main,Elgin,IL,60120\n`);
  const stopped = await failureOf(take(`${HEADER}\n${GOOD}\n`, { signal: AbortSignal.abort() }));
  const trial = await take(`${HEADER}\nBob,2 Main,Elgin,IL,60120\n`, { isTrial: true });

  expect([wrong.isKept, trial.isKept, trial.taken]).toEqual([false, false, 1]);
  expect(stopped).toMatchObject({ name: 'AbortError' });
  expect([...store.entries('list')].map(({ address }) => address.name)).toEqual(['Ann']);
  store[Symbol.dispose]();
});
