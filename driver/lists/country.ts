/** Countries by code and by name, as people write them (ISO 3166-1; names from the tables of Unicode in Node). */

const languages = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'] as const;

/** What people write and no table has. */
const others: Readonly<Record<string, string>> = {
  usa: 'US',
  'united states of america': 'US',
  uk: 'GB',
  'great britain': 'GB',
  england: 'GB',
  scotland: 'GB',
  wales: 'GB',
  'northern ireland': 'GB',
  brd: 'DE',
  holland: 'NL',
  'south korea': 'KR',
};

const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[\p{M}.]/gu, '')
    .trim()
    .toLowerCase();

const inEnglish = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
let byName: ReadonlyMap<string, string> | undefined;

function names(): ReadonlyMap<string, string> {
  const found = new Map(Object.entries(others));
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (const language of languages) {
    const tell = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
    for (const first of letters)
      for (const second of letters) {
        const name = isCountry(first + second) ? tell.of(first + second) : undefined;
        if (name !== undefined && !found.has(keyOf(name))) found.set(keyOf(name), first + second);
      }
  }
  return found;
}

/** Codes that Unicode has besides those of countries. */
const noCountries: ReadonlySet<string> = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ']);

/** One that was given up leads to its successor there, and is none. */
function isCountry(code: string): boolean {
  const isCurrent = new Intl.Locale(`und-${code}`).region === code;
  return isCurrent && !noCountries.has(code) && inEnglish.of(code) !== undefined;
}

/** The code of a country by its code or name; undefined for what is none. */
export function countryOf(text: string): string | undefined {
  const code = text.trim().toUpperCase();
  if (/^[A-Z]{2}$/.test(code) && isCountry(code)) return code;
  byName ??= names();
  return byName.get(keyOf(text));
}

/** The last line of a letter that leaves the country, as the Universal Postal Union wants it: capitals, no code. */
export const countryLine = (code: string): string => (inEnglish.of(code) ?? code).toUpperCase();
