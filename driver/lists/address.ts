/** A postal address in parts, what is wrong with it, and its lines in the order of its own country (requirements.md F5). */

import { formatAddress } from 'localized-address-format';
import { countryLine } from './country.ts';
import { stateCode } from './us-words.ts';

export const addressFields = [
  'name',
  'company',
  'street',
  'unit',
  'district',
  'city',
  'region',
  'postalCode',
  'country',
] as const;
export type AddressField = (typeof addressFields)[number];

/** Empty where there is no such part; the country is a code of two letters. */
export type Address = Readonly<Record<AddressField, string>>;

export const emptyAddress: Address = {
  ...{ name: '', company: '', street: '', unit: '', district: '', city: '' },
  ...{ region: '', postalCode: '', country: '' },
};

/** What is wrong with one part. */
export interface AddressProblem {
  readonly field: AddressField;
  readonly what: string;
}

const PART_SIZE_MAX = 100;
/** No address has them: what a printer, a terminal or a spreadsheet would obey, and what turns text around. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd|]/u;
const FORMULA_START = /^[=+\-@]/;

/** What no address may hold, wherever it leads: such text is never taken, whoever vouches for it. */
export function hostileParts(address: Address): AddressProblem[] {
  const problems: AddressProblem[] = [];
  for (const field of addressFields) {
    const text = address[field];
    if (text.length > PART_SIZE_MAX)
      problems.push({ field, what: `has more than ${PART_SIZE_MAX} characters` });
    if (FORBIDDEN.test(text))
      problems.push({ field, what: 'holds a control character, or one that stands for none' });
    if (FORMULA_START.test(text))
      problems.push({ field, what: 'begins like a formula of a spreadsheet' });
  }
  return problems;
}

/** Postal codes as their countries write them; of others only the length is known. */
const postalCodes: Readonly<Record<string, RegExp>> = {
  US: /^\d{5}(-\d{4})?$/,
  CA: /^[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d$/,
  GB: /^[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}$/,
  NL: /^\d{4} [A-Z]{2}$/,
  JP: /^\d{3}-\d{4}$/,
  BR: /^\d{5}-\d{3}$/,
  PL: /^\d{2}-\d{3}$/,
  SE: /^\d{3} \d{2}$/,
  PT: /^\d{4}-\d{3}$/,
  ...Object.fromEntries(
    [
      ['AT BE CH DK NO HU AU NZ LU', 4],
      ['DE FR IT ES FI MX TR KR UA', 5],
      ['IN CN RU SG RO', 6],
    ].flatMap(([codes, digits]) =>
      String(codes)
        .split(' ')
        .map((code) => [code, new RegExp(`^\\d{${digits}}$`)]),
    ),
  ),
};
/** A code of no country that is known here: letters and digits. */
const OTHER_POSTAL_CODE = /^[\p{L}\d][\p{L}\d -]{1,10}$/u;

/** What a letter would not arrive for. A person may know better, and override it. */
export function addressProblems(address: Address): AddressProblem[] {
  const { name, company, street, city, region, postalCode, country } = address;
  const problems: AddressProblem[] = [];
  const note = (field: AddressField, what: string): void => {
    problems.push({ field, what });
  };
  if (name === '' && company === '') note('name', 'is missing: name or company');
  if (street === '') note('street', 'is missing');
  if (city === '') note('city', 'is missing');
  const pattern = postalCodes[country];
  if (postalCode === '' ? pattern !== undefined : !(pattern ?? OTHER_POSTAL_CODE).test(postalCode))
    note('postalCode', postalCode === '' ? 'is missing' : `is none of ${countryLine(country)}`);
  if (country === 'US' && stateCode(region) === undefined)
    note('region', region === '' ? 'is missing: the state' : 'is no state');
  return problems;
}

/**
 * The lines of an address as its own country orders them. A country that letters leave for stands last, alone and in
 * capitals.
 * @param origin where the letter is posted
 */
export function addressLines(address: Address, origin = 'US'): readonly string[] {
  const { country } = address;
  const lines = country === 'US' ? americanLines(address) : localLines(address);
  const all = country === origin ? lines : [...lines, countryLine(country)];
  return all.filter((line) => line.trim() !== '');
}

function americanLines(address: Address): readonly string[] {
  const { name, company, street, unit, city, region, postalCode } = address;
  return [name, company, street, unit, `${city} ${region} ${postalCode}`.trim()];
}

function localLines(address: Address): readonly string[] {
  const { name, company, street, unit, district, city, region, postalCode, country } = address;
  const isLatin = !/[\p{Script=Han}\p{Script=Hangul}\p{Script=Kana}]/u.test(city + street);
  const lines = formatAddress(
    {
      postalCountry: country,
      administrativeArea: region,
      locality: city,
      dependentLocality: district,
      postalCode,
      organization: company,
      name,
      addressLines: [street, unit],
    },
    isLatin ? 'latin' : 'local',
  );
  // of a country whose form is not known the code would be lost
  const isComplete = postalCode === '' || lines.some((line) => line.includes(postalCode));
  return isComplete ? lines : [...lines.slice(0, -1), `${postalCode} ${lines.at(-1) ?? ''}`.trim()];
}

/** The number that an indicium has of the destination: the ZIP with what is known behind it; 0 for other countries. */
export function destinationOf({ country, postalCode }: Address): string {
  return country === 'US' && /^\d{5}(-\d{4})?$/.test(postalCode) ? postalCode : '';
}
