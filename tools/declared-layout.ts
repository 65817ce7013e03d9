/** Finds the declaration of a layout in its source: the type and the comment of each field, which no coder keeps. */

export interface Declaration {
  readonly name: string;
  /** The expression that declares it: `mills24`, `oneOf(stateNames)`. */
  readonly type: string;
  /** Its comment in one line; empty where there is none. */
  readonly comment: string;
}

/** A layout that is declared by name and used by name, or the fields of one that is written in place. */
export type DeclaredLayout = string | readonly Declaration[];

const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[{}()[\],]|[^{}()[\],'"/\s]+|\s+|./g;

/** The parts between a bracket and its partner, split at the commas of the first depth, comments apart. */
function partsOf(source: string, start: number): Array<{ text: string; comment: string }> {
  const parts = [{ text: '', comment: '' }];
  let depth = 0;
  for (const [token] of source.slice(start).matchAll(TOKEN)) {
    if (/^[})\]]$/.test(token)) depth -= 1;
    const part = parts.at(-1) as { text: string; comment: string };
    if (depth === 1 && token === ',') parts.push({ text: '', comment: '' });
    else if (token.startsWith('/*')) part.comment += token;
    else if (!token.startsWith('//') && depth > 0) part.text += token;
    if (/^[{([]$/.test(token)) depth += 1;
    if (depth === 0) break;
  }
  return parts
    .filter(({ text }) => text.trim() !== '')
    .map(({ text, comment }) => ({ text: oneLine(text), comment: oneLine(withoutStars(comment)) }));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const withoutStars = (comment: string): string => comment.replace(/^\s*\/?\*+\/?|\*+\/$/gm, ' ');

function structAt(source: string, position: number): readonly Declaration[] {
  const opening = source.indexOf('{', position);
  return partsOf(source, opening).map(({ text, comment }) => {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    return { name, type: colon < 0 ? text : text.slice(colon + 1).trim(), comment };
  });
}

/** The layout declared as `const name = P.struct({…})`. */
export function namedLayout(source: string, name: string): readonly Declaration[] {
  const found = new RegExp(`const ${name} = P\\.struct\\(`).exec(source);
  if (found === null) throw new Error(`${name} is declared nowhere`);
  return structAt(source, found.index + found[0].length);
}

/** The layout of the request or of the response of a command in the source of the command table. */
export function commandLayout(
  source: string,
  command: string,
  side: 'request' | 'response',
): DeclaredLayout {
  const entry = new RegExp(`\\n {2}${command}: command\\(\\{[\\s\\S]*?\\n {2}\\}\\)`).exec(source);
  const found = new RegExp(`\\n {4}${side}: (P\\.struct\\(|\\w+)`).exec(entry?.[0] ?? '');
  if (entry === null || found === null) throw new Error(`${command} declares no ${side}`);
  const [all, layout] = found as unknown as [string, string];
  return layout === 'P.struct(' ? structAt(source, entry.index + found.index + all.length) : layout;
}

/** What a command does: the comment above its entry. */
export function commandSummary(source: string, command: string): string {
  const entry = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\n {2}${command}: command\\(`).exec(
    source,
  );
  if (entry === null) throw new Error(`${command} has no comment that says what it does`);
  return oneLine(withoutStars(entry[1] as string));
}
