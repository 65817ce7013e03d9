/** The results of the conformance kit as JUnit writes them, for whoever collects tests. */

import type { CheckResult } from './run.ts';
import { tallyOf } from './run.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** What XML 1.0 has no characters for becomes a question mark: a reason may hold what a meter said. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replaceAll(/[&<>"]/g, (character) => entities[character] as string);
}

const seconds = (timeMs: number): string => (timeMs / 1000).toFixed(3);

function caseOf(result: CheckResult): string {
  const { id, title, level, requirements, outcome, reason = '', durationMs } = result;
  const head = `    <testcase classname="conformance.${level}" name="${escaped(`${id} ${title}`)}" time="${seconds(durationMs)}">`;
  const property = `<property name="requirements" value="${escaped(requirements.join(' '))}"/>`;
  const lines = [head, `      <properties>${property}</properties>`];
  if (outcome === 'failed') lines.push(`      <failure message="${escaped(reason)}"/>`);
  if (outcome === 'skipped') lines.push(`      <skipped message="${escaped(reason)}"/>`);
  return [...lines, '    </testcase>'].join('\n');
}

/** @param name of the suite: the port, say */
export function junitXml(name: string, results: readonly CheckResult[]): string {
  const { failed, skipped } = tallyOf(results);
  const timeMs = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const counts = `tests="${results.length}" failures="${failed}" errors="0" skipped="${skipped}" time="${seconds(timeMs)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(name)}" ${counts}>`,
    ...results.map(caseOf),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
