/**
 * The command table: every service of the meter, declared once (architecture.md decision 3) in the files of `commands/`, with
 * what it does in the comment above it, where the image does not carry it.
 *
 * The dispatch, the driver, the specification in docs/ and the security policy are made from it. A code is never
 * reused; a layout that changes gets a new code.
 */

import type * as P from 'micro-packed';
import { accessCommands } from './commands/access.ts';
import type { Command } from './commands/declaration.ts';
import { endingCommands } from './commands/ending.ts';
import { keysCommands } from './commands/keys.ts';
import { makingCommands } from './commands/making.ts';
import { oversightCommands } from './commands/oversight.ts';
import { piecesCommands } from './commands/pieces.ts';
import { postmarksCommands } from './commands/postmarks.ts';
import { refillCommands } from './commands/refill.ts';
import { sessionCommands } from './commands/session.ts';
import { updateCommands } from './commands/update.ts';
import { userKeysCommands } from './commands/user-keys.ts';

/** Codes of commands that had another layout in protocol version 1; never used again. */
export const retiredCodes = [0x01, 0x20, 0x21, 0x28, 0x29, 0x30] as const;

export const commands = {
  ...sessionCommands,
  ...accessCommands,
  ...makingCommands,
  ...refillCommands,
  ...piecesCommands,
  ...oversightCommands,
  ...updateCommands,
  ...keysCommands,
  ...postmarksCommands,
  ...userKeysCommands,
  ...endingCommands,
} as const;

export type CommandName = keyof typeof commands;
export type RequestOf<N extends CommandName> = P.UnwrapCoder<(typeof commands)[N]['request']>;
export type ResponseOf<N extends CommandName> = P.UnwrapCoder<(typeof commands)[N]['response']>;

export const commandNames = Object.keys(commands) as CommandName[];

/** The table seen without the narrow type of each entry, for whoever walks over it. */
export function commandOf(name: CommandName): Command<unknown, unknown> {
  return commands[name] as unknown as Command<unknown, unknown>;
}

const nameByCode = new Map<number, CommandName>(
  commandNames.map((name) => [commands[name].code, name]),
);

export function commandName(code: number): CommandName | undefined {
  return nameByCode.get(code);
}
