/** Markdown as the generated documents need it: tables, and parts between marks in a page that a person writes. */

/** A table; cells are escaped where a bar would end them. */
export function markdownTable(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Puts text between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
 * @throws Error where the page does not have both marks, in this order
 */
export function withGenerated(page: string, name: string, text: string): string {
  const opening = `<!-- generated: ${name} -->\n`;
  const closing = `\n<!-- end of ${name} -->`;
  const start = page.indexOf(opening) + opening.length;
  const end = page.indexOf(closing, start - 1);
  if (start < opening.length || end < 0) throw new Error(`the page has no marks for ${name}`);
  return `${page.slice(0, start)}\n${text}\n${page.slice(end)}`;
}
