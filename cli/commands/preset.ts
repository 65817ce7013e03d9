/** `tessera preset …`: what is printed again and again, under a name (requirements.md C6, F7). */

import type { Command } from 'commander';
import { presets, removePreset, savePreset } from '#driver/accounts/presets';
import { booksOf, explainedDesk } from '../desk.ts';
import { UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

export function addPreset(program: Command, run: Run): void {
  const preset = program.command('preset').description('options of print under a name');
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  preset
    .command('save <name> [options...]')
    .summary('keep options of print: tessera preset save letter -- --service 30 --sheets 3')
    .action((name: string, options: readonly string[], _: object, command: Command) =>
      run((output) => save(name, options, home(command), output)),
    );
  preset
    .command('list')
    .summary('the presets that there are')
    .action((_: object, command: Command) => run((output) => list(home(command), output)));
  preset
    .command('remove <name>')
    .summary('forget a preset')
    .action((name: string, _: object, command: Command) =>
      run((output) =>
        explainedDesk(async () => {
          using books = booksOf(home(command));
          removePreset(books, name);
          output.say('removed', { preset: name }, `${name} is removed`);
          return 0;
        }),
      ),
    );
}

async function save(
  name: string,
  options: readonly string[],
  home: Home,
  output: Output,
): Promise<number> {
  if (!options.some((word) => word.startsWith('--')))
    throw new UsageError('Say the options of print behind --, as -- --service 30 --sheets 3.');
  using books = booksOf(home);
  savePreset(books, name, options);
  output.say('preset', { name, options }, `next: tessera print --preset ${name}`);
  return 0;
}

async function list(home: Home, output: Output): Promise<number> {
  using books = booksOf(home);
  const all = presets(books);
  for (const { name, content } of all)
    output.say('preset', { name, options: content }, `${name}  ${content.join(' ')}`);
  if (all.length === 0) output.say('noPresets', {}, 'no preset is saved');
  return 0;
}
