/** `tessera completion | man`: what a shell offers behind the tabulator, and the manual page (requirements.md F4). */

import type { Command } from 'commander';
import { type CommandNode, everyNode, treeOf } from '../command-tree.ts';
import { UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export function addCompletion(program: Command, run: Run): void {
  program
    .command('completion <shell>')
    .summary(`completions for ${shells.join(', ')}`)
    .description(
      `For bash: source <(tessera completion bash) in ~/.bashrc. For zsh: the same in ~/.zshrc. For fish: tessera
completion fish > ~/.config/fish/completions/tessera.fish.`,
    )
    .action((shell: string) => run((output) => completion(shell, treeOf(program), output)));
}

export function addMan(program: Command, run: Run): void {
  program
    .command('man')
    .summary('the manual page: tessera man > tessera.1')
    .action(() => run(async (output) => tellPage(treeOf(program), output)));
}

async function completion(shell: string, tree: CommandNode, output: Output): Promise<number> {
  const script = scriptFor(shell, tree);
  if (script === undefined) throw new UsageError(`${shell} is none of ${shells.join(', ')}.`);
  output.say('script', { shell, script }, script);
  return 0;
}

function scriptFor(shell: string, tree: CommandNode): string | undefined {
  switch (shell) {
    case 'bash':
      return bashScript(tree);
    case 'zsh':
      return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(tree)}`;
    case 'fish':
      return fishScript(tree);
    default:
      return undefined;
  }
}

/** The words that may stand behind a path; an option that is not there is no harm. */
function wordsOf({ children, options }: CommandNode): string {
  return [...children.map(({ path }) => path.at(-1)), ...options.map(({ long }) => long)].join(' ');
}

function bashScript(tree: CommandNode): string {
  const cases = everyNode(tree).map(
    (node) => `    '${node.path.slice(1).join(' ')}') echo '${wordsOf(node)}' ;;`,
  );
  return `_tessera_words() {
  case "$1" in
${cases.join('\n')}
  esac
}
_tessera() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place="" word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${place:+$place }$word"
    [ -n "$(_tessera_words "$next")" ] && place="$next"
  done
  COMPREPLY=( $(compgen -W "$(_tessera_words "$place")" -- "$current") )
}
complete -o default -F _tessera tessera`;
}

function fishScript(tree: CommandNode): string {
  const lines = everyNode(tree).flatMap(({ path, children, options }) => {
    const words = path.slice(1);
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none =
      children.length === 0
        ? []
        : [`not __fish_seen_subcommand_from ${children.map((c) => c.path.at(-1)).join(' ')}`];
    const where = quoted([...seen, ...none].join('; and ') || 'true');
    const here = quoted(seen.join('; and ') || 'true');
    return [
      ...children.map(
        (child) =>
          `complete -c tessera -n ${where} -f -a ${child.path.at(-1)} -d ${quoted(child.summary)}`,
      ),
      ...options
        .filter(({ long }) => long.startsWith('--'))
        .map(
          ({ long, text }) =>
            `complete -c tessera -n ${here} -l ${long.slice(2)} -d ${quoted(text)}`,
        ),
    ];
  });
  return lines.join('\n');
}

const quoted = (text: string): string =>
  `'${text.replaceAll(/['\\]/g, '\\$&').replaceAll('\n', ' ')}'`;

function tellPage(tree: CommandNode, output: Output): number {
  const page = manPage(tree);
  output.say('page', { page }, page);
  return 0;
}

/** In the language of man(7). */
function manPage(tree: CommandNode): string {
  const nodes = everyNode(tree).slice(1);
  const global = tree.options.map(optionText);
  const commands = nodes
    .filter(({ children }) => children.length === 0)
    .flatMap(({ path, usage, summary, description, options }) => [
      `.SS "${troff(path.join(' '))}"`,
      `.B ${troff(path.join(' '))} ${troff(usage)}`,
      '.PP',
      troff(description === '' ? summary : `${summary}. ${description}`),
      ...options.filter(({ long }) => long !== '--help').map(optionText),
    ]);
  return [
    '.TH TESSERA 1',
    '.SH NAME',
    `tessera \\- ${troff(tree.description)}`,
    '.SH SYNOPSIS',
    '.B tessera',
    '[options] command',
    '.SH OPTIONS',
    ...global,
    '.SH COMMANDS',
    ...commands,
    '.SH EXIT STATUS',
    '0 success, 1 refused or failed, 2 wrong usage.',
    '.SH ENVIRONMENT',
    ...[
      ['TESSERA_HOME', 'keys and settings of one meter'],
      ['TESSERA_CONFIG', 'folder of the defaults of this user'],
      ['TESSERA_USER_PASSWORD', 'password of the user of a meter'],
      ['TESSERA_OFFICER_PASSWORD', 'password of its officer'],
      ['TESSERA_PIN', 'PIN of a user of the desk'],
    ].map(([name, text]) => `.TP\n.B ${name}\n${text}`),
  ].join('\n');
}

const optionText = ({ flags, text }: { readonly flags: string; readonly text: string }): string =>
  `.TP\n.B ${troff(flags)}\n${troff(text)}`;

/** Hyphens are hyphens, and a line does not begin with a request. */
const troff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('\n', ' ')
    .replace(/^([.'])/, '\\&$1');
