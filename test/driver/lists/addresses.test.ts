/** Addresses: their standard form, their order in each country, who is there twice (requirements.md F5). */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Address, addressLines, addressProblems, emptyAddress } from '#driver/lists/address';
import { takeApart } from '#driver/lists/address-lines';
import { cleanse, duplicateKey } from '#driver/lists/cleanse';
import { countryOf } from '#driver/lists/country';

const american = (parts: Partial<Address>): Address => ({
  ...emptyAddress,
  name: 'Ann Smith',
  street: '1 Main St',
  city: 'Elgin',
  region: 'IL',
  postalCode: '60120',
  country: 'US',
  ...parts,
});

// the standard forms are those of Publication 28, sections 23 to 29
test.each([
  ['123 North Main Street, Apt. 4', '', '123 N MAIN ST', 'APT 4'],
  ['1234 sw oak avenue', 'suite 200', '1234 SW OAK AVE', 'STE 200'],
  ['12 Avenue Road', '', '12 AVENUE RD', ''],
  ['100 North Street', '', '100 NORTH ST', ''],
  ['77 Massachusetts Avenue NW', '', '77 MASSACHUSETTS AVE NW', ''],
  ['P.O. Box 99', '', 'PO BOX 99', ''],
  ['Post Office Box 12-A', '', 'PO BOX 12-A', ''],
  ['5 Key Boulevard #3', '', '5 KEY BLVD', '# 3'],
  ['10 Lot Street', '', '10 LOT ST', ''],
  ['1 Elm Terrace', 'floor 2', '1 ELM TER', 'FL 2'],
  ['39.2 Röntgen Lane', '', '39 2 RONTGEN LN', ''],
])('%s, %s', (street, unit, standard, standardUnit) => {
  const { address } = cleanse(american({ street, unit }));

  expect([address.street, address.unit]).toEqual([standard, standardUnit]);
});

test.each([
  ['US', '2134', '02134'],
  ['US', '627011234', '62701-1234'],
  ['CA', 'k1a0b1', 'K1A 0B1'],
  ['GB', 'sw1a1aa', 'SW1A 1AA'],
  ['DE', 'D-10115', '10115'],
  ['NL', '1012ab', '1012 AB'],
  ['JP', '〒1000001', '100-0001'],
])('the postal code of %s, %s, is %s', (country, postalCode, standard) => {
  expect(cleanse(american({ country, postalCode })).address.postalCode).toBe(standard);
});

test('what is cleansed stays as it is, and is the same person', () => {
  const words = fc.stringMatching(/^[A-Za-zé.,'#0-9 -]{0,30}$/);
  const part = fc.oneof(words, fc.constantFrom('North', 'Street', 'Apt 4', 'PO Box 3', '#', 'N W'));
  const street = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(' '));
  const country = fc.constantFrom('US', 'DE', 'CA', 'GB', 'JP');
  const address = fc.record({
    street,
    unit: part,
    city: words,
    name: words,
    postalCode: words,
    country,
  });
  fc.assert(
    fc.property(address, (parts) => {
      const given = american(parts);
      const once = cleanse(given).address;
      const twice = cleanse(once);

      expect(twice.changes).toEqual([]);
      expect(duplicateKey(once)).toBe(duplicateKey(given));
    }),
    { numRuns: 300 },
  );
});

test('lines stand in the order of their own country, and the country last in capitals', () => {
  const parts = { name: 'A. Reader', company: 'Firm', street: '1 Street', unit: 'Unit 2' };
  const place = { city: 'City', region: 'RG', postalCode: '12345' };
  const of = (country: string, origin = 'US'): string =>
    addressLines(american({ ...parts, ...place, country }), origin).join(' / ');

  expect(of('US')).toBe('A. Reader / Firm / 1 Street / Unit 2 / City RG 12345');
  expect(of('US', 'DE')).toMatch(/City RG 12345 \/ UNITED STATES$/);
  expect(of('DE')).toBe('A. Reader / Firm / 1 Street / Unit 2 / 12345 City / GERMANY');
  expect(of('FR')).toBe('Firm / A. Reader / 1 Street / Unit 2 / 12345 City / FRANCE');
  expect(of('GB')).toBe('A. Reader / Firm / 1 Street / Unit 2 / City / 12345 / UNITED KINGDOM');
  expect(of('HU')).toBe('A. Reader / Firm / City / 1 Street / Unit 2 / 12345 / HUNGARY');
  expect(of('KI')).toMatch(/12345.* \/ KIRIBATI$/);
});

test('every country keeps its postal code on the label', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((a) => letters.map((b) => countryOf(a + b)));
  const known = codes.filter((code) => code !== undefined);

  expect(known.length).toBeGreaterThan(240);
  for (const country of known)
    expect(addressLines(american({ country, postalCode: '98765' })).join('\n')).toContain('98765');
});

test.each([
  ['Deutschland', 'DE'],
  ['États-Unis', 'US'],
  ['U.S.A.', 'US'],
  ['england', 'GB'],
  ['Schweiz', 'CH'],
  ['xx', undefined],
  ['DD', undefined],
])('%s is the country %s', (name, code) => {
  expect(countryOf(name)).toBe(code);
});

test.each([
  [american({}), []],
  [american({ street: '' }), ['street']],
  [american({ postalCode: '6012', region: 'ZZ' }), ['postalCode', 'region']],
  [american({ name: '', company: 'Firm' }), []],
  [american({ name: '' }), ['name']],
  [american({ country: 'DE', postalCode: '1011', region: '' }), ['postalCode']],
  [american({ country: 'IE', postalCode: '', region: '' }), []],
])('%j lacks %j', (address, fields) => {
  expect(addressProblems(address).map(({ field }) => field)).toEqual(fields);
});

test.each([
  [
    'Ann|1 Main St|Elgin, IL 60120',
    'US',
    { name: 'Ann', city: 'Elgin', region: 'IL', postalCode: '60120' },
  ],
  [
    'Ann|Firm|1 Main St|Albany New York 12207-1234',
    'US',
    { company: 'Firm', city: 'Albany', region: 'NY' },
  ],
  [
    'Ann|1 Main St|Apt 2|Elgin IL 60120|USA',
    'DE',
    { country: 'US', street: '1 Main St', unit: 'Apt 2' },
  ],
  ['Ann|Weg 1|D-10115 Berlin', 'DE', { city: 'Berlin', postalCode: '10115', country: 'DE' }],
  ['Ann|somewhere', 'US', undefined],
])('%s is taken apart', (lines, country, parts) => {
  const found = takeApart(lines.split('|'), country);

  if (parts === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(parts);
});
