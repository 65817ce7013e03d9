/** Writes the table of checks in docs/conformance.md from the checks themselves. */

import { checksOf } from '#cli/conformance/checks';
import { markdownTable } from './markdown.ts';

export function checkTable(): string {
  const rows = checksOf('life')
    .toSorted((left, right) => left.id - right.id)
    .map(({ id, level, title, requirements, needs }) => [
      String(id),
      level,
      title,
      requirements.join(' '),
      needs.join(', '),
    ]);
  return markdownTable(['check', 'level', 'the rule', 'of', 'needs'], rows);
}
