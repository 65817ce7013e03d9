/**
 * Names in certificates: which may be there at all, and which look alike (requirements.md D4; Unicode UTS 39).
 *
 * A name is refused where it does not show what it is: not UTF-8 in its composed form, characters that are not seen, blanks at an
 * end or two in a row, one word out of several alphabets. Two names look alike where they are equal once case, marks, blanks
 * and the letters that Latin, Greek and Cyrillic share in form are taken away.
 */

/** Letters and digits that look like a Latin one, by what they look like. */
const twins: Readonly<Record<string, string>> = {
  a: 'αаɑ',
  b: 'βЬЪвб',
  c: 'сϲ',
  d: 'ԁ',
  e: 'еєε',
  h: 'һнη',
  i: 'іι1lӏ|!',
  j: 'јϳ',
  k: 'кκ',
  m: 'м',
  n: 'пη',
  o: 'оο0σ',
  p: 'рρ',
  q: 'ԛ',
  r: 'гг',
  s: 'ѕ5',
  t: 'тτ',
  u: 'υц',
  v: 'νѵ',
  w: 'ԝωш',
  x: 'хχ',
  y: 'уγү',
  z: 'ζ2',
};

const lookOf = new Map(
  Object.entries(twins).flatMap(([latin, others]) =>
    [...others.toLowerCase()].map((other) => [other, latin] as const),
  ),
);

const alphabets = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
] as const;

/** What a name looks like: equal for names that a person takes for one another. */
export function lookOfName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}|!&]/gu, '');
  return [...plain]
    .map((letter) => lookOf.get(letter) ?? letter)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

/** The text of a name; a sentence where it may not stand in a certificate. */
export function readName(
  bytes: Uint8Array,
): { readonly text: string } | { readonly fault: string } {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { fault: 'It is not UTF-8.' };
  }
  const fault = faultIn(text);
  return fault === undefined ? { text } : { fault };
}

function faultIn(text: string): string | undefined {
  if (text !== text.normalize('NFC')) return 'It is not in the composed form of Unicode (NFC).';
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|\p{Default_Ignorable_Code_Point}/u.test(text))
    return 'It has characters that are not seen.';
  if (/(?! )\p{Zs}|^ | $| {2}/u.test(text))
    return 'It has blanks at an end, two in a row, or others than the ordinary one.';
  const isMixed = text
    .split(/[^\p{L}\p{M}]+/u)
    .some((word) => alphabets.filter((alphabet) => alphabet.test(word)).length > 1);
  return isMixed ? 'One word of it is out of several alphabets.' : undefined;
}
