/**
 * Which requests for certificates need no operator (requirements.md D4, G8; P fig. 5, 514): rules as data, of which one must
 * fit as a whole. What no rule fits waits for a person.
 */

import { type KeyUses, keyUseNames } from '#protocol/documents/user-key';
import { choice, list, nullable, record, type ShapeValue, text } from '#protocol/http/shape';

export const certificateRule = record({
  /** Told as whoever decided. */
  name: text(200),
  /** Exactly these uses. */
  uses: list(choice(keyUseNames), keyUseNames.length),
  /** Names of organizations that are known to be the holders'; null: one that claims to be of no organization. */
  organizations: nullable(list(text(64), 10_000)),
  /** What the common name must be, where `*` stands for any characters; any name where null or left out. */
  commonName: nullable(text(64)),
});
export type CertificateRule = ShapeValue<typeof certificateRule>;

/**
 * A meter that is registered may stamp under its own number: its certificate says what the meter is, which the authority knows,
 * and of no organization that it belongs to.
 */
export const defaultRules: readonly CertificateRule[] = [
  { name: 'postmarks of a registered meter', uses: ['timeStamp'] },
];

export interface AskedName {
  readonly uses: KeyUses;
  readonly organization: string;
  readonly commonName: string;
}

/** The first rule that a request fits; undefined where a person must look. */
export function ruleFor(
  rules: readonly CertificateRule[],
  asked: AskedName,
): CertificateRule | undefined {
  return rules.find(
    ({ uses, organizations, commonName = '*' }) =>
      keyUseNames.every((name) => asked.uses[name] === uses.includes(name)) &&
      (organizations ?? ['']).includes(asked.organization) &&
      fits(asked.commonName, commonName),
  );
}

function fits(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su').test(name);
}
