/** Shapes take exactly the JSON they describe, and give back what they took. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  amount,
  choice,
  flag,
  hex,
  list,
  nullable,
  parsed,
  positiveAmount,
  record,
  type Shape,
  ShapeError,
  text,
  whole,
} from '#protocol/http/shape';
import { mills } from '#protocol/mills';

const four = parsed(
  'the word four',
  (given) => (given === 'four' ? 4 : undefined),
  () => 'four',
);
const body = record({
  name: text(5),
  items: list(record({ worth: amount }), 2),
  note: nullable(flag),
});

describe('takes', () => {
  test.each<[string, Shape<unknown>, unknown, unknown]>([
    ['bytes', hex(2), '00ff', Uint8Array.of(0, 255)],
    ['bytes of several sizes', hex(0, 2), '', new Uint8Array()],
    ['a whole number', whole(1, 9), 9, 9],
    ['money', amount, 281_474_976_710_655, mills(281_474_976_710_655)],
    ['no money', amount, 0, mills(0)],
    ['a name', choice(['a', 'b']), 'b', 'b'],
    ['null', nullable(flag), null, undefined],
    ['what a parser knows', four, 'four', 4],
    [
      'an object',
      body,
      { name: 'x', items: [{ worth: 1 }], note: true },
      { name: 'x', items: [{ worth: 1 }], note: true },
    ],
  ])('%s, and encodes it back', (_, shape, json, value) => {
    const decoded = shape.decode(json);

    expect(decoded).toEqual(value);
    expect(shape.encode(decoded)).toEqual(json);
  });
});

describe('refuses, saying where', () => {
  test.each<[string, Shape<unknown>, unknown, string]>([
    ['half a byte', hex(0, 9), 'abc', 'must be 0 to 9 bytes in hexadecimal'],
    ['capital digits', hex(1), 'AB', 'must be 1 bytes in hexadecimal'],
    ['too many bytes', hex(1), 'abcd', 'must be 1 bytes in hexadecimal'],
    ['a number as text', amount, '12', 'must be whole mills, 0 or more'],
    ['a fraction', amount, 1.5, 'must be whole mills, 0 or more'],
    ['less than nothing', amount, -1, 'must be whole mills, 0 or more'],
    ['more than 48 bits', amount, 2 ** 48, 'must be whole mills, 0 or more'],
    ['nothing', positiveAmount, 0, 'must be whole mills, 1 or more'],
    ['a line break', text(9), 'a\nb', 'must be text of 1 to 9 characters'],
    ['empty text', text(9), '', 'must be text of 1 to 9 characters'],
    ['another name', choice(['a']), 'toString', 'must be one of a'],
    ['a word it does not know', four, 'five', 'must be the word four'],
    ['a field left out', body, { items: [] }, 'name: must be text of 1 to 5 characters'],
    ['a field too many', body, { name: 'x', items: [], other: 1 }, 'has a field that is not known'],
    [
      'a field of the prototype',
      body,
      JSON.parse('{"name":"x","items":[],"__proto__":{}}'),
      'has a field that is not known',
    ],
    [
      'a list too long',
      body,
      { name: 'x', items: [1, 2, 3] },
      'items: must be a list of at most 2',
    ],
    [
      'something deep inside',
      body,
      { name: 'x', items: [{ worth: 1 }, { worth: '1' }] },
      'items: [1]: worth: must be whole mills, 0 or more',
    ],
    ['a list for an object', body, [], 'must be an object'],
    ['null for an object', body, null, 'must be an object'],
  ])('%s', (_, shape, json, message) => {
    expect(() => shape.decode(json)).toThrow(new ShapeError(message));
  });
});

test('any JSON is taken or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      try {
        expect(body.encode(body.decode(json))).toEqual({ note: null, ...(json as object) });
      } catch (error) {
        expect(error).toBeInstanceOf(ShapeError);
      }
    }),
  );
});
