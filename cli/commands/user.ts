/** `tessera user …`: who works at this desk, and may do what (requirements.md F7; docs/desk.md). */

import type { Command } from 'commander';
import {
  addUser,
  changeUser,
  type DeskRole,
  type DeskUser,
  deskRoles,
  type UserChanges,
  users,
} from '#driver/accounts/users';
import { wipe } from '#protocol/bytes';
import { momentText } from '../condition-text.ts';
import { authorised, booksOf, recorded, type UserOptions, withUser } from '../desk.ts';
import { UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { oneName } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { secretFrom } from '../secret.ts';

interface UserFlags extends UserOptions {
  readonly role?: DeskRole;
  readonly newPinFile?: string;
  readonly newPin?: boolean;
  readonly active?: boolean;
  readonly inactive?: boolean;
}

export function addUsers(program: Command, run: Run): void {
  const user = program
    .command('user')
    .description('users of this desk, with a PIN and a role; they order work, and are no wall');
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  withRole(withUser(user.command('add <name>')))
    .summary('somebody new; the first one is an administrator')
    .action((name: string, options: UserFlags, command: Command) =>
      run((output) => add(name, options, home(command), output)),
    );
  withRole(withUser(user.command('change <name>')))
    .summary('another role or PIN, or whether they work here')
    .option('--new-pin', 'ask for another PIN')
    .option('--inactive', 'they do not work here any more; what they did stays')
    .option('--active', 'they do again')
    .action((name: string, options: UserFlags, command: Command) =>
      run((output) => change(name, options, home(command), output)),
    );
  withUser(user.command('unlock <name>'))
    .summary('take the lock of wrong PINs away')
    .action((name: string, options: UserOptions, command: Command) =>
      run((output) => apply(name, 'unlock', { isUnlocked: true }, options, home(command), output)),
    );
  user
    .command('list')
    .summary('who works here, and may do what')
    .action((_: object, command: Command) => run((output) => list(home(command), output)));
}

function withRole(command: Command): Command {
  return command
    .option('--role <role>', deskRoles.join(', '), oneName(deskRoles))
    .option('--new-pin-file <file>', 'their PIN; else $TESSERA_NEW_PIN, else asked for');
}

function newPinOf(name: string, { newPinFile }: UserFlags): Promise<Uint8Array> {
  const what = `PIN for ${name}`;
  return secretFrom({ file: newPinFile, variable: 'TESSERA_NEW_PIN', what });
}

function add(name: string, options: UserFlags, home: Home, output: Output): Promise<number> {
  return recorded(home, 'user add', async () => {
    using books = booksOf(home);
    const isFirst = users(books).length === 0;
    if (!isFirst) await authorised(books, 'administrator', options, home);
    const { role = isFirst ? 'administrator' : 'operator' } = options;
    const pin = await newPinOf(name, options);
    try {
      addUser(books, name, role, pin);
    } finally {
      wipe(pin);
    }
    output.say('user', { name, role }, `${name} is ${role}`);
    return 0;
  });
}

async function change(
  name: string,
  options: UserFlags,
  home: Home,
  output: Output,
): Promise<number> {
  const { role, active, inactive, newPin, newPinFile } = options;
  if (active === true && inactive === true) throw new UsageError('Say --active or --inactive.');
  const isActive = active === true ? true : inactive === true ? false : undefined;
  const asksPin = newPin === true || newPinFile !== undefined;
  const pin = asksPin ? await newPinOf(name, options) : undefined;
  try {
    return await apply(name, 'change', { role, isActive, pin }, options, home, output);
  } finally {
    if (pin !== undefined) wipe(pin);
  }
}

/** Everybody may change their own PIN; everything else is an administrator's. */
function apply(
  name: string,
  what: string,
  changes: UserChanges,
  options: UserOptions,
  home: Home,
  output: Output,
): Promise<number> {
  return recorded(home, `user ${what}`, async () => {
    using books = booksOf(home);
    const isOwnPin =
      (options.user ?? home.settings.user) === name &&
      changes.role === undefined &&
      changes.isActive === undefined;
    await authorised(books, isOwnPin ? 'operator' : 'administrator', options, home);
    tell(changeUser(books, name, changes), output);
    return 0;
  });
}

async function list(home: Home, output: Output): Promise<number> {
  using books = booksOf(home);
  const all = users(books);
  for (const user of all) tell(user, output);
  if (all.length === 0)
    output.say('noUsers', {}, 'this desk knows nobody, and asks nobody: tessera user add NAME');
  return 0;
}

function tell({ name, role, isActive, lockedUntilMs }: DeskUser, output: Output): void {
  const isLocked = lockedUntilMs > Date.now();
  const locked = isLocked ? `, locked until ${momentText(lockedUntilMs)}` : '';
  output.say(
    'user',
    { name, role, isActive, lockedUntilMs: isLocked ? lockedUntilMs : undefined },
    `${name}  ${role}${isActive ? '' : ', does not work here any more'}${locked}`,
  );
}
