/** Reads docs/requirements.md: every requirement with its status and the tests that show it. */

import { existsSync } from 'node:fs';
import { readRepositoryFile, repositoryRoot } from './sources.ts';

/** How many requirements each area has; their IDs are A1, A2, … and never change. */
const areas = { A: 9, B: 8, C: 8, D: 8, E: 2, F: 8, G: 11, H: 5 } as const;

export const requirementIds: readonly string[] = Object.entries(areas).flatMap(([area, count]) =>
  Array.from({ length: count }, (_, place) => `${area}${place + 1}`),
);

export const requirementStatuses = ['done', 'partly', 'open'] as const;
export type RequirementStatus = (typeof requirementStatuses)[number];

/** A test by the file it stands in and its own name, without those of the groups around it. */
export interface TestReference {
  readonly file: string;
  readonly name: string;
}

export interface Requirement {
  readonly id: string;
  readonly text: string;
  readonly status: string;
  readonly tests: readonly TestReference[];
}

/** The rows of the tables, in their order. */
export function requirements(): readonly Requirement[] {
  return requirementsIn(readRepositoryFile('docs/requirements.md'));
}

export function requirementsIn(page: string): readonly Requirement[] {
  const rows = page.split('\n').filter((line) => /^\| [A-Z]\d+ \|/.test(line));
  return rows.map((row) => {
    const cells = row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
    const [id = '', text = '', status = '', shown = ''] = cells;
    const tests = shown.split('<br>').filter((reference) => reference.trim() !== '');
    return { id, text, status, tests: tests.map(testReference) };
  });
}

/** @param reference `file › name` */
export function testReference(reference: string): TestReference {
  const [file = '', ...name] = reference.split(' › ');
  return { file: file.trim(), name: name.join(' › ').trim() };
}

/** Of the tests that are named, those that are not there any more, or under another name. */
export function absentTests(references: readonly TestReference[]): readonly TestReference[] {
  return references.filter(
    ({ file, name }) =>
      name === '' ||
      !file.startsWith('test/') ||
      !existsSync(repositoryRoot + file) ||
      !holdsTest(readRepositoryFile(file), name),
  );
}

/** Whether a source holds a test of this name: the name stands as the first argument of a call. */
export function holdsTest(source: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`\\(\\s*(['"\`])${escaped}\\1`).test(source);
}
