/** Bytes that a person types: every slip is found, in its line (requirements.md D8). */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromTyped, TypedBytesError, toTyped } from '#driver/typed-bytes';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 260 });

test('what is printed is what is typed, however it is spaced', () => {
  fc.assert(
    fc.property(bytes, (given) => {
      const text = toTyped(given);

      expect(fromTyped(text)).toEqual(given);
      expect(fromTyped(`\n${text.toLowerCase().replaceAll('-', ' ')}\n\n`)).toEqual(given);
      expect(fromTyped(text.replaceAll(/(?<!\d)0(?=[0-9A-Z]{3})/g, 'O'))).toEqual(given);
    }),
  );
});

test('one wrong character is told with its line', () => {
  const text = toTyped(Uint8Array.from({ length: 60 }, (_, place) => place * 7));
  const lines = text.split('\n');

  for (const [number, line] of lines.entries())
    for (let place = 3; place < line.length; place++) {
      const character = line[place] as string;
      if (/[\s-]/.test(character)) continue;
      const wrong = character === '7' ? '8' : '7';
      const slip = line.slice(0, place) + wrong + line.slice(place + 1);
      const typed = lines.map((each, at) => (at === number ? slip : each)).join('\n');
      expect(() => fromTyped(typed)).toThrow(new TypedBytesError(slipIn(number + 1)));
    }
});

const slipIn = (line: number): string => `line ${line} has a slip: compare it group by group`;

test.each<[string, (lines: string[]) => string[], RegExp]>([
  ['a line that is missing', ([first = '', , third = '']) => [first, third], /line 2 is missing/],
  [
    'two lines in the wrong order',
    ([first = '', second = '']) => [second, first],
    /line 1 is missing/,
  ],
  [
    'a line under another number',
    ([first = '']) => [first, first.replace('1', '2')],
    /line 2 has a slip/,
  ],
  ['a character that is none', ([first = '']) => [`${first}U`], /line 1 has a slip/],
  ['nothing', () => [], /nothing was typed/],
])('%s', (_name, change, message) => {
  const lines = toTyped(Uint8Array.from({ length: 50 }, (_, place) => place)).split('\n');

  expect(() => fromTyped(change(lines).join('\n'))).toThrow(message);
});
