/** What is printed, on what, by which printer: drawn from a seed (printing.md 4.4). */

import fc from 'fast-check';
import { composeLabel, type LabelOptions } from '#driver/print/label';
import { LabelError } from '#driver/print/label-error';
import { type LayoutName, layoutNamed, layouts } from '#driver/print/layout';
import {
  type PrinterProfile,
  type PrinterProfileName,
  printerProfiles,
} from '#driver/print/printer-profile';
import type { Indicium } from '#protocol/documents/indicium';
import { anyIndicium, signedIndicium } from '#test/support/indicia';

export interface Combination {
  readonly profileName: PrinterProfileName;
  readonly layoutName: LayoutName;
  readonly indicium: Indicium;
  readonly service: string;
  readonly returnAddress: readonly string[];
  readonly addressee: readonly string[];
  readonly isReprint: boolean;
}

/** What could hurt a printer, and letters of every script that is printed. */
const word = fc.constantFrom(
  'Ada Lovelace',
  '12 St James’s Square',
  'Łódź',
  'Αθήνα 105 57',
  'Київ',
  'Đà Nẵng',
  '^XZ~JA^XA~DGR:X',
  '\u001b@\u001dV\u0000 cut',
  '\u0010\u0004\u0001\u0010\u0014\u0001',
  '"\r\nPRINT 9\r\nCLS',
  'x'.repeat(90),
  '99 % & <b>',
);
const lines = (most: number): fc.Arbitrary<string[]> => fc.array(word, { maxLength: most });

/** Printers by how much of the work is theirs: pages of an office printer have thirty times the dots. */
const shares = { escpos: 7, zpl: 6, tspl: 5, pdf: 1 } as const;

interface Pair {
  readonly profileName: PrinterProfileName;
  readonly layoutName: LayoutName;
}

/** Every printer with every layout that fits it. */
function fittingPairs(): readonly Pair[] {
  const names = Object.keys(printerProfiles) as PrinterProfileName[];
  const all = names.flatMap((profileName) =>
    (Object.keys(layouts) as LayoutName[]).map((layoutName) => ({ profileName, layoutName })),
  );
  return all.filter(({ profileName, layoutName }) => {
    const profile: PrinterProfile = printerProfiles[profileName];
    if (profile.language === 'pdf' && layoutName === 'roll') return false; // an office has no rolls
    try {
      composeLabel(signedIndicium(), profile, { layout: layoutNamed(layoutName) });
      return true;
    } catch (error) {
      if (error instanceof LabelError) return false;
      throw error;
    }
  });
}

export function drawCombinations(count: number, seed: number): readonly Combination[] {
  const pairs = fittingPairs();
  const ofLanguage = (language: keyof typeof shares): fc.Arbitrary<Pair> =>
    fc.constantFrom(
      ...pairs.filter(({ profileName }) => printerProfiles[profileName].language === language),
    );
  const pair = fc.oneof(
    ...(Object.keys(shares) as (keyof typeof shares)[]).map((language) => ({
      weight: shares[language],
      arbitrary: ofLanguage(language),
    })),
  );
  const combination = fc
    .record({
      pair,
      indicium: anyIndicium,
      service: fc.constantFrom('', 'First-class letter', 'Einschreiben · Größe M'),
      returnAddress: lines(3),
      addressee: lines(4),
      isReprint: fc.boolean(),
    })
    .map(({ pair: chosen, ...rest }) => ({ ...chosen, ...rest }));
  return fc.sample(combination, { numRuns: count, seed });
}

/** As it is asked for, or without the addresses where the layout has no place or no room for them. */
export function composeCombination(combination: Combination): ReturnType<typeof composeLabel> {
  const { profileName, layoutName, indicium, service, isReprint, ...extras } = combination;
  const layout = layoutNamed(layoutName);
  const compose = (options: LabelOptions) =>
    composeLabel(indicium, printerProfiles[profileName], {
      service,
      isReprint,
      layout,
      ...options,
    });
  try {
    return compose(extras);
  } catch (error) {
    if (!(error instanceof LabelError)) throw error;
    return compose({});
  }
}
