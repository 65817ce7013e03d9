/** An address that is one text, taken apart where its last lines leave no doubt (requirements.md F5). */

import { type Address, emptyAddress } from './address.ts';
import { countryOf } from './country.ts';
import { stateCode } from './us-words.ts';

/** `Springfield, IL 62701-1234`; the state may be written out. */
const AMERICAN = /^(.+?)[,\s]+([A-Za-z][A-Za-z. ]*?)[.,\s]+(\d{5}(?:-?\d{4})?)$/;
/** `10115 Berlin`, `F-75001 Paris`: most of Europe. */
const CODE_FIRST = /^(?:[A-Z]{1,3}-)?(\d{4,5}|\d{3} \d{2})\s+(\D.*)$/;

/**
 * @param country of an address that names none
 * @returns undefined where it cannot be told which line is what
 */
export function takeApart(lines: readonly string[], country: string): Address | undefined {
  const rest = lines.map((line) => line.trim()).filter((line) => line !== '');
  const named = rest.length > 3 ? countryOf(rest.at(-1) ?? '') : undefined;
  if (named !== undefined) rest.pop();
  const code = named ?? country;
  const place = placeIn(rest.pop() ?? '', code);
  if (place === undefined || rest.length < 2 || rest.length > 4) return undefined;
  const [name = '', ...more] = rest;
  const [street = '', unit = ''] = more.slice(-2);
  switch (more.length) {
    case 1:
      return { ...emptyAddress, ...place, country: code, name, street };
    case 2:
      return isStreet(more[0] ?? '')
        ? { ...emptyAddress, ...place, country: code, name, street, unit }
        : { ...emptyAddress, ...place, country: code, name, company: street, street: unit };
    default:
      return {
        ...emptyAddress,
        ...place,
        country: code,
        name,
        company: more[0] ?? '',
        street,
        unit,
      };
  }
}

const isStreet = (line: string): boolean => /\d/.test(line) || /^P\.? ?O\.? ?BOX/i.test(line);

function placeIn(
  line: string,
  country: string,
): Pick<Address, 'city' | 'region' | 'postalCode'> | undefined {
  if (country === 'US') {
    const [, city = '', state = '', postalCode = ''] = AMERICAN.exec(line) ?? [];
    const region = stateCode(state.replaceAll('.', '')) ?? twoWords(city, state);
    if (region === undefined) return undefined;
    return typeof region === 'string' ? { city, region, postalCode } : { ...region, postalCode };
  }
  const [, postalCode, city] = CODE_FIRST.exec(line) ?? [];
  return postalCode === undefined || city === undefined
    ? undefined
    : { city, region: '', postalCode };
}

/** `Albany New York`: the first word of the state was taken for the city. */
function twoWords(city: string, state: string): Pick<Address, 'city' | 'region'> | undefined {
  const words = city.split(/[\s,]+/);
  const region = stateCode(`${words.pop()} ${state}`);
  return region === undefined || words.length === 0 ? undefined : { city: words.join(' '), region };
}
