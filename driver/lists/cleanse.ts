/**
 * Addresses in the standard form of the post (requirements.md F5): of the United States as Publication 28 has it, capitals
 * without punctuation and with its abbreviations; of other countries only what is safe everywhere, spaces and the form of
 * the postal code. Whether there is such a house no table here knows: that is for the provider.
 */

import type { Address, AddressField } from './address.ts';
import { addressFields } from './address.ts';
import { directionWord, stateCode, streetWord, unitWord } from './us-words.ts';

/** What was changed, part by part. */
export interface Change {
  readonly field: AddressField;
  readonly from: string;
  readonly to: string;
}

export interface Cleansed {
  readonly address: Address;
  readonly changes: readonly Change[];
}

/** The one at hand: on its way into a list an address is looked at several times in a row. */
let last: { readonly given: Address; readonly cleansed: Cleansed } | undefined;

/** The same address twice gives the same twice: a cleansed one is left as it is. */
export function cleanse(given: Address): Cleansed {
  if (last?.given === given) return last.cleansed;
  const cleansed = cleansedAnew(given);
  last = { given, cleansed };
  return cleansed;
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

function cleansedAnew(given: Address): Cleansed {
  const tidy = mapped(given, (text) => composed(text).replaceAll(/\s+/g, ' ').trim());
  const postalCode = postalCodeForm(tidy);
  const address =
    tidy.country === 'US' ? american({ ...tidy, postalCode }) : { ...tidy, postalCode };
  const changes = addressFields
    .filter((field) => address[field] !== given[field])
    .map((field) => ({ field, from: given[field], to: address[field] }));
  return { address, changes };
}

const composed = (text: string): string => (isAscii(text) ? text : text.normalize('NFC'));

const mapped = (address: Address, change: (text: string) => string): Address =>
  Object.fromEntries(addressFields.map((field) => [field, change(address[field])])) as Address;

/** Spaces and hyphens where each country has them; letters are capitals. */
const postalCodeForms: Readonly<Record<string, readonly [RegExp, string]>> = {
  US: [/^(\d{5})[ -]?(\d{4})$/, '$1-$2'],
  CA: [/^([A-Z]\d[A-Z])[ -]?(\d[A-Z]\d)$/, '$1 $2'],
  GB: [/^([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})$/, '$1 $2'],
  NL: [/^(\d{4}) ?([A-Z]{2})$/, '$1 $2'],
  SE: [/^(?:S-)?(\d{3}) ?(\d{2})$/, '$1 $2'],
  JP: [/^〒?(\d{3})-?(\d{4})$/, '$1-$2'],
  BR: [/^(\d{5})-?(\d{3})$/, '$1-$2'],
  PL: [/^(\d{2})-?(\d{3})$/, '$1-$2'],
  PT: [/^(\d{4})-?(\d{3})$/, '$1-$2'],
  DE: [/^D-?(\d{5})$/, '$1'],
  FR: [/^F-?(\d{5})$/, '$1'],
  AT: [/^A-?(\d{4})$/, '$1'],
  CH: [/^CH-?(\d{4})$/, '$1'],
};

function postalCodeForm({ country, postalCode }: Address): string {
  const code = postalCode.toUpperCase();
  const form = postalCodeForms[country];
  if (form !== undefined) return code.replace(...form);
  return code;
}

/** A spreadsheet takes a ZIP for a number, and its zeros in front are gone. */
const withZeros = (zip: string): string =>
  zip.replace(/^\d{3,4}(?=-|$)/, (d) => d.padStart(5, '0'));

function american(address: Address): Address {
  const bare = mapped(address, capitals);
  const { street, unit } = streetLines(bare.street, bare.unit);
  return {
    ...bare,
    street,
    unit,
    region: stateCode(bare.region) ?? bare.region,
    postalCode: withZeros(address.postalCode),
  };
}

/** Capitals without accents or punctuation; hyphens, slashes and number signs say something in an address. */
function capitals(text: string): string {
  const bare = isAscii(text) ? text : text.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  return bare
    .toUpperCase()
    .replaceAll(/[.,;:'"()]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** A unit at the end of the street goes to its own place, and every word to its abbreviation. */
function streetLines(street: string, unit: string): { street: string; unit: string } {
  const box = /^(?:P ?O|POST OFFICE) ?BOX ?(.+)$/.exec(street);
  if (box !== null) return { street: `PO BOX ${box[1]}`, unit: unitLine(unit) };
  const words = street.split(' ').filter((word) => word !== '');
  const at = words.findLastIndex(
    (word, place) => place >= 2 && (unitWord(word) !== undefined || word.startsWith('#')),
  );
  const isUnit = at >= 0 && unit === '' && words.length - at <= 3 && isUnitAt(words, at);
  const own = isUnit ? words.slice(0, at) : words;
  const rest = isUnit ? words.slice(at).join(' ') : unit;
  return { street: streetLine(own), unit: unitLine(rest) };
}

/** `KEY`, `LOT`, `PIER`… are names of streets too: only one that a number or letter follows is a unit. */
function isUnitAt(words: readonly string[], at: number): boolean {
  const [word = '', next] = words.slice(at);
  if (word.startsWith('#')) return true;
  const alone = ['PH', 'LBBY', 'FRNT', 'REAR'].includes(unitWord(word) ?? '');
  return alone || (next !== undefined && /^#?(\d+[A-Z]?|[A-Z]\d*)$/.test(next));
}

function unitLine(text: string): string {
  const words = text.replace(/^# */, '# ').split(' ').filter(Boolean);
  return words.map((word, at) => (at === 0 ? (unitWord(word) ?? word) : word)).join(' ');
}

/** Only the last word that is one of a street is shortened: `AVENUE ROAD` is `AVENUE RD`. */
function streetLine(words: readonly string[]): string {
  const trailing = words.length > 2 && directionWord(words.at(-1) ?? '') !== undefined ? 1 : 0;
  const suffixAt = words.length - 1 - trailing;
  return words
    .map((word, at) => {
      if (at === suffixAt && at >= 2) return streetWord(word) ?? word;
      const isBefore = at === 1 && suffixAt > 2 && /^\d/.test(words[0] ?? '');
      const isBehind = trailing === 1 && at === words.length - 1;
      return isBefore || isBehind ? (directionWord(word) ?? word) : word;
    })
    .join(' ');
}

/** What makes two entries the same person at the same door, however they are written. */
export function duplicateKey(address: Address): string {
  const { name, company, street, unit, city, postalCode, country } = cleanse(address).address;
  const zip = country === 'US' ? postalCode.slice(0, 5) : postalCode;
  return [name, company, street, unit, city, zip, country].map(keyPart).join('\u001f');
}

const keyPart = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
