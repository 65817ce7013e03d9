/** Presets: what is printed again and again, under a name (requirements.md C6, F7). */

import type { Books } from './books.ts';
import { DeskError } from './desk-error.ts';

/** Options of print, as they would be written. */
export type Preset = readonly string[];

export function presets({ sql }: Books): readonly { name: string; content: Preset }[] {
  const rows = sql('SELECT name, content FROM preset ORDER BY name').all();
  return (rows as unknown as { name: string; content: string }[]).map(({ name, content }) => ({
    name,
    content: JSON.parse(content) as Preset,
  }));
}

/** @throws DeskError `presetUnknown` */
export function preset(books: Books, name: string): Preset {
  const found = presets(books).find((each) => each.name === name);
  if (found === undefined) throw new DeskError('presetUnknown', `There is no preset ${name}`);
  return found.content;
}

export function savePreset({ sql }: Books, name: string, content: Preset): void {
  sql('INSERT OR REPLACE INTO preset VALUES (?, ?)').run(name, JSON.stringify(content));
}

/** @throws DeskError `presetUnknown` */
export function removePreset(books: Books, name: string): void {
  preset(books, name);
  books.sql('DELETE FROM preset WHERE name = ?').run(name);
}
