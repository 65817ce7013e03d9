/** What the command line can be told, as plain data: completions and the manual page are made of it. */

import type { Command } from 'commander';

export interface CommandNode {
  /** `tessera meter refill`. */
  readonly path: readonly string[];
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly {
    readonly flags: string;
    readonly long: string;
    readonly text: string;
  }[];
  readonly children: readonly CommandNode[];
}

export function treeOf(command: Command, above: readonly string[] = []): CommandNode {
  const path = [...above, command.name()];
  const help = command.createHelp();
  return {
    path,
    usage: command.usage(),
    summary: command.summary() || command.description(),
    description: command.description().replaceAll(/(?<!\n)\n(?!\n)/g, ' '),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      long: option.long ?? option.flags,
      text: help.optionDescription(option),
    })),
    children: command.commands.map((child) => treeOf(child, path)),
  };
}

/** A node and all below it, in the order of the help. */
export const everyNode = (node: CommandNode): readonly CommandNode[] => [
  node,
  ...node.children.flatMap(everyNode),
];
