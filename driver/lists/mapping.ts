/** Which column of a file is which part of an address or of a mail piece: by the names that people use, or as is said. */

import { addressFields } from './address.ts';
import { TableError } from './table.ts';

export const listFields = [
  ...addressFields,
  'reference',
  'address',
  'givenName',
  'familyName',
  'postBox',
  'service',
  'weight',
  'sheets',
  'zone',
  'extras',
  'postage',
  'mailingDate',
] as const;
export type ListField = (typeof listFields)[number];

/** By place of the column; undefined where it is left out. */
export type Mapping = readonly (ListField | undefined)[];

/** Compared without case, spaces, accents and punctuation. */
const knownNames: Readonly<Record<ListField, string>> = {
  name: 'name fullname contact contactname recipient addressee displayname fn empfanger nom nombre',
  company: 'company organization organisation org firm firma business entreprise empresa societe',
  street:
    'street streetaddress address1 addressline1 addr1 line1 strasse rue calle via adresse1 street1',
  unit: 'unit address2 addressline2 addr2 line2 apartment apt suite extended adresse2 street2 zusatz',
  district: 'district dependentlocality suburb neighborhood neighbourhood barrio bairro ortsteil',
  city: 'city town locality place ort stadt ville ciudad citta cidade plaats',
  region:
    'region state province stateprovince county administrativearea bundesland provincia estado',
  postalCode:
    'postalcode postcode zip zipcode zip4 plz codepostal codigopostal cap cep destination',
  country: 'country countrycode countryname land pays pais paese',
  reference: 'reference ref id uid key number customernumber kundennummer',
  address: 'address fulladdress mailingaddress postaladdress addresslines anschrift adresse',
  givenName: 'givenname firstname first vorname prenom',
  familyName: 'familyname lastname last surname nachname',
  postBox: 'postbox pobox postofficebox postfach',
  service: 'service serviceid class mailclass',
  weight: 'weight grams weightgrams gewicht',
  sheets: 'sheets pages',
  zone: 'zone',
  extras: 'extras extraservices',
  postage: 'postage amount',
  mailingDate: 'mailingdate date dateofmailing',
};

const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss');

const fieldOf = new Map(
  Object.entries(knownNames).flatMap(([field, names]) =>
    names.split(' ').map((name) => [name, field as ListField] as const),
  ),
);

/**
 * The field of each column.
 * @param given column by field, for what its name does not tell
 * @throws TableError where a column that was said is not there, or nothing of an address is
 */
export function mappingOf(
  columns: readonly string[],
  given: Partial<Readonly<Record<ListField, string>>> = {},
): Mapping {
  const mapping: (ListField | undefined)[] = columns.map(() => undefined);
  for (const [field, column] of Object.entries(given)) {
    const at = columns.findIndex((each) => keyOf(each) === keyOf(column));
    if (at < 0)
      throw new TableError(`There is no column ${column}`, `Columns: ${columns.join(', ')}.`);
    mapping[at] = field as ListField;
  }
  for (const [at, column] of columns.entries()) {
    const field = fieldOf.get(keyOf(column)) ?? fieldOf.get(keyOf(lastPart(column)));
    if (mapping[at] === undefined && field !== undefined && !mapping.includes(field))
      mapping[at] = field;
  }
  if (!mapping.includes('street') && !mapping.includes('address') && !mapping.includes('postBox'))
    throw new TableError(
      `No column holds a street or a whole address: ${columns.join(', ')}`,
      'Say which with --map street=COLUMN or --map address=COLUMN.',
    );
  return mapping;
}

/** `address.city` of JSON. */
const lastPart = (column: string): string => column.slice(column.lastIndexOf('.') + 1);
