/**
 * Traces as pcapng, for Wireshark: a packet for each frame, an interface for each port, times of the board's clock
 * (draft-ietf-opsawg-pcapng; docs/trace.md). docs/tessera.lua dissects them.
 */

import type { Trace, TraceEvent, TraceSink } from './event.ts';
import { createFrameCutter } from './frame-cutter.ts';

/** DLT_USER0, which Wireshark leaves to whoever has a protocol of their own. */
const LINK_TYPE = 147;

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const END_OF_OPTIONS = 0;
const COMMENT = 1;
const INTERFACE_NAME = 2;
const TIME_RESOLUTION = 9;
const PACKET_FLAGS = 2;
/** Directions as the meter sees them. */
const INBOUND = 1;
const OUTBOUND = 2;

interface Packet {
  readonly port: number;
  readonly isInbound: boolean;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  comments: string[];
}

/** @param put gets whole blocks, turn by turn, so that it may lead to a Wireshark that is looking on */
export function createPcapngSink(put: (bytes: Uint8Array) => void): TraceSink {
  const interfaces = new Map<number, number>();
  const cutters = new Map<string, (bytes: Uint8Array) => void>();
  let packets: Packet[] = [];
  let comments: string[] = [];
  let timeMs = 0;
  put(block(SECTION_HEADER, sectionHeader()));

  function take(port: number, isInbound: boolean, bytes: Uint8Array): void {
    const name = `${port} ${isInbound}`;
    const cutter =
      cutters.get(name) ??
      createFrameCutter((frame) => {
        packets.push({ port, isInbound, timeMs, bytes: frame, comments: [] });
      });
    cutters.set(name, cutter);
    cutter(bytes);
  }

  function flush(): void {
    for (const packet of packets) {
      let place = interfaces.get(packet.port);
      if (place === undefined) {
        place = interfaces.size;
        interfaces.set(packet.port, place);
        put(block(INTERFACE_DESCRIPTION, interfaceDescription(packet.port)));
      }
      put(block(ENHANCED_PACKET, enhancedPacket(packet, place)));
    }
    packets = [];
  }

  /** What was heard of a record belongs to the packet that it came in, or goes out in. */
  function heard(text: string): void {
    if (text.startsWith('request'))
      packets.findLast(({ isInbound }) => isInbound)?.comments.push(text);
    else comments.push(text);
  }

  return (event: TraceEvent) => {
    switch (event.kind) {
      case 'boot':
      case 'tick':
        timeMs = event.moment.timeMs || event.moment.monotonicMs;
        if (event.kind === 'boot') cutters.clear();
        return;
      case 'receive':
        timeMs = event.moment.timeMs || event.moment.monotonicMs;
        take(event.port, true, event.bytes);
        return;
      case 'call': {
        const [port, bytes] = event.given;
        if (event.path !== 'ports.send' || !(bytes instanceof Uint8Array)) return;
        const before = packets.length;
        take(port as number, false, bytes);
        const [first] = packets.slice(before);
        if (first !== undefined) first.comments = comments;
        comments = [];
        return;
      }
      case 'heard':
        heard(event.text);
        return;
      case 'end':
        flush();
        return;
      case 'cut':
      case 'stop':
      case 'note':
        return;
    }
  };
}

/** A whole trace as a file. */
export function pcapngOf({ events }: Trace): Uint8Array {
  const blocks: Uint8Array[] = [];
  const sink = createPcapngSink((bytes) => blocks.push(bytes));
  for (const event of events) sink(event);
  return Buffer.concat(blocks);
}

/** Type, length, body of whole words, length once more. */
function block(type: number, body: Buffer): Uint8Array {
  const length = 12 + body.length;
  return Buffer.concat([u32(type), u32(length), body, u32(length)]);
}

/** Byte order, version 1.0, length of the section not told. */
const sectionHeader = (): Buffer =>
  Buffer.concat([u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffff_ffff), u32(0xffff_ffff)]);

/** No limit of length; times in milliseconds. */
const interfaceDescription = (port: number): Buffer =>
  Buffer.concat([
    u16(LINK_TYPE),
    u16(0),
    u32(0),
    option(INTERFACE_NAME, Buffer.from(`port ${port}`)),
    option(TIME_RESOLUTION, Buffer.of(3)),
    option(END_OF_OPTIONS, Buffer.alloc(0)),
  ]);

function enhancedPacket({ bytes, timeMs, isInbound, comments }: Packet, place: number): Buffer {
  const time = [u32(Math.floor(timeMs / 2 ** 32)), u32(timeMs % 2 ** 32)];
  const options = comments.map((text) => option(COMMENT, Buffer.from(`sealed ${text}`)));
  return Buffer.concat([
    u32(place),
    ...time,
    u32(bytes.length),
    u32(bytes.length),
    padded(Buffer.from(bytes)),
    ...options,
    option(PACKET_FLAGS, u32(isInbound ? INBOUND : OUTBOUND)),
    option(END_OF_OPTIONS, Buffer.alloc(0)),
  ]);
}

const option = (code: number, value: Buffer): Buffer =>
  Buffer.concat([u16(code), u16(value.length), padded(value)]);

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
