/** The dissector of docs/tessera.lua, as Debian's tshark runs it over packets of a recorded meter (docs/trace.md). */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import type { TraceEvent } from '#emulator/trace/event';
import { createPcapngSink, pcapngOf } from '#emulator/trace/pcapng';
import { commandNames, commands } from '#protocol/command';
import { encodeRefusal } from '#protocol/dispatch';
import { encodeMessage, type Message } from '#protocol/message';
import { refuse } from '#protocol/result';
import { type RefusalName, statuses } from '#protocol/status';
import { createBench } from '#test/differential/bench';
import { meterId, repeatingCrypto } from '#test/differential/documents';
import { createHost, unknown } from '#test/differential/host';
import { TEST_TIME_MS } from '#test/support/board';
import { recordedLife } from '#test/support/recorded-life';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

const COMPLAINTS = ['tessera.bad_frame', 'tessera.bad_crc', 'tessera.bad_layout'] as const;
const METER_ID = Buffer.from(meterId).toString('hex');

function packetsOf(events: readonly TraceEvent[]): string {
  const blocks: Uint8Array[] = [];
  const sink = createPcapngSink((bytes) => blocks.push(bytes));
  for (const event of events) sink(event);
  const path = join(temporaryFolder(), 'meter.pcapng');
  writeFileSync(path, Buffer.concat(blocks));
  return path;
}

/** What tshark says of one packet: the values of the fields that it has. */
type Packet = Readonly<Record<string, string>>;

/** Reads twice, as Wireshark does where somebody clicks on a packet. */
function dissected(path: string, fields: readonly string[]): Packet[] {
  const { status, stdout, stderr } = spawnSync(
    'tshark',
    [
      ...['-X', `lua_script:${repositoryRoot}docs/tessera.lua`, '-r', path, '-2', '-T', 'fields'],
      ...['-E', 'separator=/t', ...fields.flatMap((field) => ['-e', field])],
    ],
    { encoding: 'utf8' },
  );
  expect({ status, stderr: stderr.replace(/^Running as user .*\n/, '') }).toEqual({
    status: 0,
    stderr: '',
  });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const values = line.split('\t').map((value, place) => [fields[place] as string, value]);
      return Object.fromEntries(values.filter(([, value]) => value !== ''));
    });
}

describe('a life', () => {
  let life: readonly Packet[];
  beforeAll(async () => {
    const { trace } = await recordedLife();
    const path = join(mkdtempSync(join(tmpdir(), 'wireshark-')), 'life.pcapng');
    writeFileSync(path, pcapngOf(trace));
    life = dissected(path, [
      ...['frame.interface_name', 'frame.packet_flags_direction', 'frame.time_epoch'],
      ...['frame.comment', '_ws.col.Info', 'tessera.crc_ok', 'tessera.noise'],
      ...COMPLAINTS,
      ...['tessera.direction', 'tessera.kind', 'tessera.command', 'tessera.record'],
      ...['tessera.status.response.timeMs', 'tessera.status.response.lifeCycle'],
      ...['tessera.status.response.meterId', 'tessera.status.response.registers.ascending'],
      ...['tessera.status.response.registers.descendingMax', 'tessera.hello.role'],
      ...['tessera.hello.suites', 'tessera.answer.suite', 'tessera.answer.meterId'],
      ...['tessera.answer.certificate', 'tessera.confirmation.mac'],
    ]);
    rmSync(dirname(path), { recursive: true });
  }, 120_000);

  /** Packets with a field, or with a value of it. */
  const having = (field: string, value?: string): Packet[] =>
    life.filter((packet) => (value === undefined ? field in packet : packet[field] === value));

  test('is read frame by frame, to the last byte', () => {
    expect(having('tessera.crc_ok', '1').length).toBeGreaterThan(50);
    expect(having('tessera.noise').map((packet) => packet['tessera.noise'])).toEqual(['0102']);
    for (const complaint of COMPLAINTS) expect(having(complaint)).toEqual([]);
    // What began as a frame on port 1 is not whole, and so is no packet.
    expect(having('tessera.crc_ok').length + 1).toBe(life.length);
  });

  test('shows open requests and responses with their names and fields', () => {
    expect(having('tessera.command', '0x08').map((packet) => packet['_ws.col.Info'])).toEqual([
      expect.stringMatching(/^open request \d+: status$/),
      expect.stringMatching(/^open response \d+: status ok idle$/),
    ]);
    expect(having('tessera.status.response.timeMs')).toMatchObject([
      {
        'tessera.status.response.timeMs': String(TEST_TIME_MS),
        'tessera.status.response.lifeCycle': '3',
        'tessera.status.response.meterId': METER_ID,
        'tessera.status.response.registers.ascending': '780',
        'tessera.status.response.registers.descendingMax': '500000',
      },
    ]);
  });

  test('shows the messages of its handshakes', () => {
    const hellos = having('tessera.hello.role');
    const answers = having('tessera.answer.suite');

    expect(hellos.length).toBeGreaterThan(3);
    expect(hellos[0]).toMatchObject({ 'tessera.hello.role': '2' });
    expect(answers).toHaveLength(hellos.length);
    expect(answers.at(-1)).toMatchObject({ 'tessera.answer.meterId': METER_ID });
    expect(answers.at(-1)?.['tessera.answer.certificate']?.length).toBeGreaterThan(200);
    expect(having('tessera.confirmation.mac')).toHaveLength(hellos.length);
  });

  test('shows of a record its bytes, and what was heard of it', () => {
    const records = having('tessera.kind', '2');

    const comments = records.map((packet) => packet['frame.comment']);
    expect(comments).toContain('sealed request createIndicium');
    expect(comments).toContain('sealed response createIndicium postageAboveMaximum idle');
    for (const packet of records) expect(packet['tessera.record']).toMatch(/^[0-9a-f]{34,}$/);
  });

  test('has ports as interfaces, and directions and times of the board', () => {
    expect(life[0]).toMatchObject({
      'frame.interface_name': 'port 0',
      'frame.packet_flags_direction': '0x00000001',
      'tessera.direction': '0',
      'frame.time_epoch': `${TEST_TIME_MS / 1000}.000000000`,
    });
    const names = life.map((packet) => packet['frame.interface_name']);
    expect(new Set(names)).toEqual(new Set(['port 0', 'port 1']));
    for (const packet of having('tessera.direction'))
      expect(packet['frame.packet_flags_direction']).toBe(
        packet['tessera.direction'] === '0' ? '0x00000001' : '0x00000002',
      );
  });
});

test('a message in several frames is put together, and what is no frame is told', async () => {
  const events: TraceEvent[] = [];
  await using bench = createBench(createNodeVmCpu(), { seed: 2, cryptoEngine: true }, (event) =>
    events.push(event),
  );
  bench.apply({ op: 'powerOn' });
  const host = createHost(repeatingCrypto('wireshark'), bench.apply, unknown());
  const setting = Uint8Array.from({ length: 2_500 }, (_, at) => at % 256);
  host.message('open', Uint8Array.of(commands.setClock.code, ...setting));
  const [frame = new Uint8Array(0)] = encodeMessage({
    direction: 'request',
    kind: 'open',
    sequence: 7,
    payload: Uint8Array.of(commands.status.code, 0),
  });
  host.bytes(0, frame);
  host.bytes(0, frame.with(8, (frame[8] as number) ^ 0x10));
  host.bytes(0, Uint8Array.of(0xaa, 6, 0, 1, 2, 3, 4, 5, 6));

  const packets = dissected(packetsOf(events), [
    ...['_ws.col.Info', '_ws.expert.message', 'tessera.rest', 'tessera.setClock.request.setting'],
  ]);

  const valuesOf = (field: string): string[] =>
    packets.flatMap(({ [field]: value }) => (value === undefined ? [] : [value]));
  expect(valuesOf('_ws.col.Info').slice(0, 5)).toEqual([
    'open request 1: fragment 1 of 3',
    'open request 1: fragment 2 of 3',
    'open request 1: setClock',
    expect.stringMatching(/^open response 1: setClock [a-zA-Z]+ uninitialized$/),
    'open request 7: status',
  ]);
  const whole = Buffer.from(setting).toString('hex');
  expect(valuesOf('tessera.setClock.request.setting')).toEqual([whole]);
  expect(valuesOf('tessera.rest')[0]).toBe('00');
  expect(valuesOf('_ws.expert.message')).toEqual(['Wrong check sum', 'No frame']);
});

test('every command and every status has its name', () => {
  const moment = { timeMs: TEST_TIME_MS, monotonicMs: 0 };
  const sent = (message: Pick<Message, 'direction' | 'payload'>): TraceEvent[] =>
    encodeMessage({ kind: 'open', sequence: 1, ...message }).map((bytes) => ({
      ...{ kind: 'receive', moment, port: 0, bytes },
    }));
  const requests = commandNames.map((name) => Uint8Array.of(commands[name].code));
  const refusals = Object.keys(statuses)
    .filter((name) => name !== 'ok')
    .map((status) => encodeRefusal(0x08, refuse(status as RefusalName, 3), 'idle'));

  const packets = dissected(
    packetsOf([
      ...requests.flatMap((payload) => sent({ direction: 'request', payload })),
      ...refusals.flatMap((payload) => sent({ direction: 'response', payload })),
      { kind: 'end', error: undefined, quiet: undefined },
    ]),
    ['_ws.col.Info', 'tessera.detail'],
  );

  const [asked, refused] = [packets.slice(0, requests.length), packets.slice(requests.length)];
  expect(asked.map((packet) => packet['_ws.col.Info'])).toEqual(
    commandNames.map((name) => `open request 1: ${name}`),
  );
  expect(refused.map((packet) => packet['_ws.col.Info'])).toEqual(
    Object.keys(statuses)
      .filter((name) => name !== 'ok')
      .map((status) => `open response 1: status ${status} idle`),
  );
  for (const packet of refused) expect(packet['tessera.detail']).toBe('3');
});
