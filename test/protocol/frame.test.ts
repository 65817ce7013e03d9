/** Frames: what goes in comes out, whatever the line does to the others (requirements.md F1). */

import { PacketLengthParser } from '@serialport/parser-packet-length';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinBytes } from '#protocol/bytes';
import { crc32 } from '#protocol/crc32';
import {
  createFrameDecoder,
  encodeFrame,
  FRAME_BODY_SIZE_MAX,
  FRAME_DELIMITER,
  FRAME_SIZE_MAX,
} from '#protocol/frame';
import { applyDamage, damage, noise, portionsOf } from '#test/support/byte-stream';
import { toHex as hex } from '#test/support/golden';
import { readGoldenCases } from '#test/support/golden-cases';

/** Bodies as they are hard to encode: any bytes, long runs of one, long runs without zero. */
const body = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
  fc.uint8Array({ minLength: 1, maxLength: FRAME_BODY_SIZE_MAX }),
  fc.uint8Array({ min: 1, minLength: 150, maxLength: 520 }),
  fc
    .tuple(
      fc.integer({ min: 1, max: FRAME_BODY_SIZE_MAX }),
      fc.constantFrom(0x00, 0x55, 0xaa, 0xff),
    )
    .map(([size, value]) => new Uint8Array(size).fill(value)),
);
const bodies = fc.array(body, { minLength: 1, maxLength: 6 });

function decodeAll(portions: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  const decoder = createFrameDecoder((one) => seen.push(hex(one)));
  for (const portion of portions) decoder.push(portion);
  return seen;
}

/** A frame made by hand: the parts of COBS as given, only the XOR and the header are added. */
function frameOf(cobs: readonly number[], length: number = cobs.length): Uint8Array {
  const encoded = cobs.map((byte) => byte ^ FRAME_DELIMITER);
  return Uint8Array.of(FRAME_DELIMITER, length & 0xff, length >> 8, ...encoded);
}

function withCrc(bytes: Uint8Array): Uint8Array {
  const crc = crc32(bytes);
  return Uint8Array.of(...bytes, crc, crc >>> 8, crc >>> 16, crc >>> 24);
}

describe.each(readGoldenCases('frame'))('golden frame: $title', (golden) => {
  test('is what the body becomes, and what becomes the body', () => {
    expect(hex(encodeFrame(golden.given('body')))).toBe(hex(golden.result()));
    expect(decodeAll([golden.result()])).toEqual([hex(golden.given('body'))]);
  });
});

describe('a frame', () => {
  test('holds the delimiter once, says its length and keeps to the limit', () => {
    fc.assert(
      fc.property(body, (one) => {
        const frame = encodeFrame(one);

        expect(frame[0]).toBe(FRAME_DELIMITER);
        expect(frame.lastIndexOf(FRAME_DELIMITER)).toBe(0);
        expect((frame[1] as number) + 256 * (frame[2] as number)).toBe(frame.length - 3);
        expect(frame.length).toBeLessThanOrEqual(FRAME_SIZE_MAX);
      }),
    );
  });

  test('never has a length byte that is the delimiter, at any size of its body', () => {
    for (let size = 1; size <= FRAME_BODY_SIZE_MAX; size++) {
      const one = new Uint8Array(size).fill(0x11);
      const frame = encodeFrame(one);

      expect(frame.indexOf(FRAME_DELIMITER, 1)).toBe(-1);
      expect(decodeAll([frame])).toEqual([hex(one)]);
    }
  });

  test.each([0, FRAME_BODY_SIZE_MAX + 1])('is not made of %i bytes', (size) => {
    expect(() => encodeFrame(new Uint8Array(size))).toThrow(RangeError);
  });
});

describe('the decoder', () => {
  test('gives every body, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        bodies.chain((given) =>
          fc.tuple(fc.constant(given), portionsOf(joinBytes(...given.map(encodeFrame)))),
        ),
        ([given, portions]) => {
          expect(decodeAll(portions)).toEqual(given.map(hex));
        },
      ),
    );
  });

  test('gives every body, byte for byte', () => {
    const given = [new Uint8Array(700).fill(0xaa), Uint8Array.of(0), new Uint8Array(165).fill(9)];
    const stream = joinBytes(...given.map(encodeFrame));

    expect(decodeAll([...stream].map((byte) => Uint8Array.of(byte)))).toEqual(given.map(hex));
  });

  test('gives bodies in memory of their own', () => {
    const kept: Uint8Array[] = [];
    const decoder = createFrameDecoder((one) => kept.push(one));
    const stream = joinBytes(encodeFrame(Uint8Array.of(1, 2)), encodeFrame(Uint8Array.of(3, 4)));

    decoder.push(stream);
    stream.fill(0);

    expect(kept.map((one) => [...one])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('loses through a damaged frame that frame at most', () => {
    fc.assert(
      fc.property(
        bodies,
        fc.nat(),
        damage,
        fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
        (given, which, harm, sizes) => {
          const target = which % given.length;
          const frames = given.map(encodeFrame);
          frames[target] = applyDamage(frames[target] as Uint8Array, harm);
          const stream = joinBytes(...frames);
          const portions: Uint8Array[] = [];
          for (let at = 0; at < stream.length; ) {
            const size = sizes.next().value as number;
            portions.push(stream.subarray(at, at + size));
            at += size;
          }

          const seen = decodeAll(portions);

          const all = given.map(hex);
          const others = all.filter((_, index) => index !== target);
          expect([all, others]).toContainEqual(seen);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('accepts no frame hidden in another, wherever that one is cut or damaged', () => {
    const inner = encodeFrame(Uint8Array.from({ length: 30 }, (_, index) => index));
    const outer = encodeFrame(joinBytes(Uint8Array.of(7), inner, inner, Uint8Array.of(0, 0xaa)));

    for (let at = 1; at < outer.length; at++) {
      expect(decodeAll([outer.subarray(at)])).toEqual([]);
      expect(decodeAll([outer.subarray(0, at)])).toEqual([]);
      for (let bit = 0; bit < 8; bit++) {
        const damaged = outer.slice();
        damaged[at] = (outer[at] as number) ^ (1 << bit);
        expect(decodeAll([damaged])).toEqual([]);
      }
    }
  });

  test('accepts from noise only what it would write itself', () => {
    const piece = fc.oneof(
      noise,
      body.map(encodeFrame),
      fc.tuple(body.map(encodeFrame), damage).map(([frame, harm]) => applyDamage(frame, harm)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const stream = joinBytes(...pieces);

        for (const seen of decodeAll([stream])) {
          expect(hex(stream)).toContain(hex(encodeFrame(Buffer.from(seen, 'hex'))));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('finds the frames behind any noise', () => {
    fc.assert(
      fc.property(noise, bodies, (before, given) => {
        const seen = decodeAll([before, ...given.map(encodeFrame)]);

        expect(seen.slice(-given.length)).toEqual(given.map(hex));
      }),
    );
  });

  const full = Array.from({ length: 250 }, () => 0x22); // with its CRC a group of 254 bytes
  const fullWithCrc = withCrc(Uint8Array.from(full));
  const endsInDelimiter = withCrc(twoBytesWhoseCrcEndsIn(FRAME_DELIMITER)); // what a byte that is not there XORs to
  const tooLong = withCrc(new Uint8Array(FRAME_BODY_SIZE_MAX + 1)); // zeros, so that it would fit
  test.each<[string, Uint8Array]>([
    ['an empty group behind a full one', frameOf([0xff, ...fullWithCrc, 0x01])],
    ['a pad that no length asks for', frameOf([6, ...withCrc(Uint8Array.of(1)), 0xff])],
    ['a group that goes on behind the end', frameOf([7, ...withCrc(Uint8Array.of(1))])],
    ['a group that lacks its last byte', frameOf([7, ...endsInDelimiter.subarray(0, -1)])],
    ['no body', frameOf([1, 1, 1, 1, 1])],
    ['a wrong CRC', frameOf([6, 1, 0x1b, 0xdf, 0x05, 0xa4])],
    ['a body above the limit', frameOf(cobsOfZerosThen(tooLong))],
    ['a length above the limit', frameOf([6, 1, 0x1b, 0xdf, 0x05, 0xa5], 1022)],
    ['the greatest length', frameOf([6, 1, 0x1b, 0xdf, 0x05, 0xa5], 0xffff)],
    ['the length 0', frameOf([6, 1, 0x1b, 0xdf, 0x05, 0xa5], 0)],
    ['a length one too small', frameOf([6, 1, 0x1b, 0xdf, 0x05, 0xa5], 5)],
  ])('refuses %s, and takes the next frame', (_, bad) => {
    const good = encodeFrame(Uint8Array.of(42));

    expect(decodeAll([bad, good])).toEqual(['2a']);
    expect(decodeAll([joinBytes(bad, good)])).toEqual(['2a']);
  });

  test('the frames refused above are refused for that alone: without it they are taken', () => {
    expect(decodeAll([frameOf([0xff, ...fullWithCrc])])).toEqual([hex(Uint8Array.from(full))]);
    expect(decodeAll([frameOf([6, 1, 0x1b, 0xdf, 0x05, 0xa5])])).toEqual(['01']);
    expect(decodeAll([frameOf([7, ...endsInDelimiter])])).toEqual([
      hex(endsInDelimiter.subarray(0, 2)),
    ]);
    const zeros = new Uint8Array(FRAME_BODY_SIZE_MAX);
    expect(decodeAll([frameOf(cobsOfZerosThen(withCrc(zeros)))])).toEqual([hex(zeros)]);
  });

  test('skips the zeros that fill a report of 64 bytes', () => {
    const given = [Uint8Array.of(1), new Uint8Array(200).fill(0xaa), new Uint8Array(61).fill(3)];
    const reports = given.flatMap((one) => {
      const frame = encodeFrame(one);
      const padded = new Uint8Array(Math.ceil(frame.length / 64) * 64);
      padded.set(frame);
      return Array.from({ length: padded.length / 64 }, (_, index) =>
        padded.subarray(index * 64, index * 64 + 64),
      );
    });
    const seen: string[] = [];
    const decoder = createFrameDecoder((one) => seen.push(hex(one)));

    for (const report of reports) decoder.push(report);

    expect(seen).toEqual(given.map(hex));
    expect(decoder).toMatchObject({ accepted: 3, rejected: 0, skippedBytes: 0 });
  });

  test('counts what it accepted, rejected and skipped', () => {
    const good = encodeFrame(Uint8Array.of(1));
    const decoder = createFrameDecoder(() => undefined);

    decoder.push(Uint8Array.of(1, 2, 0, 3)); // outside: three bytes and a zero
    decoder.push(good.subarray(0, 5)); // cut short by the next delimiter
    decoder.push(good);
    decoder.push(Uint8Array.of(FRAME_DELIMITER, 0xff, 0xff, 9)); // no length
    decoder.push(good.subarray(0, 5));
    decoder.push(Uint8Array.of(...good.subarray(5), 8, 0, 8)); // in two portions, the second with two bytes behind

    expect(decoder).toMatchObject({ accepted: 2, rejected: 2, skippedBytes: 6 });
  });

  test('forgets a begun frame when it is reset, and only that', () => {
    const frame = encodeFrame(Uint8Array.of(1, 2, 3));
    const seen: string[] = [];
    const decoder = createFrameDecoder((one) => seen.push(hex(one)));

    decoder.push(frame.subarray(0, 6));
    decoder.reset();
    decoder.push(frame.subarray(6));
    decoder.push(frame);

    expect(seen).toEqual(['010203']);
    expect(decoder).toMatchObject({ accepted: 1, rejected: 0, skippedBytes: frame.length - 6 });
  });

  test('goes on after a receiver that throws', () => {
    let isFirst = true;
    const seen: string[] = [];
    const decoder = createFrameDecoder((one) => {
      if (isFirst) {
        isFirst = false;
        throw new Error('the receiver');
      }
      seen.push(hex(one));
    });

    expect(() => decoder.push(encodeFrame(Uint8Array.of(1)))).toThrow('the receiver');
    decoder.push(encodeFrame(Uint8Array.of(2)));

    expect(seen).toEqual(['02']);
    expect(decoder).toMatchObject({ accepted: 2, rejected: 0 });
  });
});

/** No byte of body and CRC is zero, so that all of it is one group. */
function twoBytesWhoseCrcEndsIn(last: number): Uint8Array {
  for (let value = 0x0101; value < 0x10000; value++) {
    const bytes = Uint8Array.of(value, value >> 8);
    const whole = withCrc(bytes);
    if (whole.at(-1) === last && !whole.includes(0)) return bytes;
  }
  throw new Error('there is no such pair');
}

/** COBS of zeros with four bytes behind them. */
function cobsOfZerosThen(bytes: Uint8Array): number[] {
  const zeros = bytes.length - 4;
  return [...Array.from({ length: zeros }, () => 1), 5, ...bytes.subarray(zeros)];
}

describe('behind the cutter of serialport', () => {
  /** Cuts as the driver has it cut, and lets our decoder judge what comes out. */
  function cutAndDecode(stream: Uint8Array, portions: readonly Uint8Array[] = [stream]): string[] {
    const seen: string[] = [];
    const decoder = createFrameDecoder((one) => seen.push(hex(one)));
    const cutter = new PacketLengthParser({
      delimiter: FRAME_DELIMITER,
      lengthOffset: 1,
      lengthBytes: 2,
      packetOverhead: 3,
      maxLen: FRAME_SIZE_MAX - 3,
    });
    for (const portion of portions) cutter._transform(Buffer.from(portion), 'utf8', () => {});
    for (let cut = cutter.read(); cut !== null; cut = cutter.read()) decoder.push(cut);
    return seen;
  }

  test('every frame arrives, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        bodies.chain((given) => {
          const stream = joinBytes(...given.map(encodeFrame));
          return fc.tuple(fc.constant(given), fc.constant(stream), portionsOf(stream));
        }),
        ([given, stream, portions]) => {
          expect(cutAndDecode(stream, portions)).toEqual(given.map(hex));
        },
      ),
    );
  });

  test('noise costs the frames in the next 1,024 bytes at most, and nothing false arrives', () => {
    const filler = Array.from({ length: 40 }, () => Uint8Array.from({ length: 25 }, () => 5));
    fc.assert(
      fc.property(noise, bodies, (before, given) => {
        const stream = joinBytes(before, ...[...filler, ...given].map(encodeFrame));

        const seen = cutAndDecode(stream);

        const sent = [...filler, ...given].map(hex);
        expect(seen.slice(-given.length)).toEqual(given.map(hex));
        expect(sent.slice(-seen.length)).toEqual(seen);
      }),
    );
  });

  test('a damaged frame costs the frames in the next 1,024 bytes at most', () => {
    const filler = Array.from({ length: 40 }, () => Uint8Array.from({ length: 25 }, () => 5));
    fc.assert(
      fc.property(body, damage, bodies, (one, harm, given) => {
        const damaged = applyDamage(encodeFrame(one), harm);
        const stream = joinBytes(damaged, ...[...filler, ...given].map(encodeFrame));

        expect(cutAndDecode(stream).slice(-given.length)).toEqual(given.map(hex));
      }),
    );
  });
});
