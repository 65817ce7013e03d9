/** What commands for an operator have in common: the address of the office, and the token that opens it. */

import type { Command } from 'commander';
import { needed, openHome } from './home.ts';
import type { Output } from './output.ts';
import type { Run } from './run.ts';
import { type AuthorityClient, authorityAt, type ProviderClient, providerAt } from './servers.ts';

export type OperatorAction<Office, Options> = (
  office: Office,
  options: Options,
  output: Output,
) => Promise<number>;

interface AuthorityOptions {
  readonly authority?: string;
  readonly authorityToken: string;
}

/** Options and arguments of a command together, each by its name. */
function givenTo<Options extends object>(self: Command): Options {
  const given = self.registeredArguments.map((argument, place) => [
    argument.name(),
    self.processedArgs[place],
  ]);
  return { ...self.opts<Options>(), ...Object.fromEntries(given) };
}

/** Makes a command one of the authority's operator. */
export function atAuthority<Options extends object>(
  command: Command,
  run: Run,
  summary: string,
  action: OperatorAction<AuthorityClient, Options>,
): void {
  command
    .summary(summary)
    .description(summary)
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .action((...parameters: readonly unknown[]) =>
      run((output) => {
        const self = parameters.at(-1) as Command;
        const options = givenTo<AuthorityOptions & Options>(self);
        const { settings } = openHome(self.optsWithGlobals()['home']);
        const url = needed(options.authority, settings.authority, '--authority');
        return action(authorityAt(url, options.authorityToken), options, output);
      }),
    );
}

interface ProviderOptions {
  readonly provider?: string;
  readonly providerToken: string;
}

/** Makes a command one of the provider's operator. */
export function atProvider<Options extends object>(
  command: Command,
  run: Run,
  summary: string,
  action: OperatorAction<ProviderClient, Options>,
): void {
  command
    .summary(summary)
    .description(summary)
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .requiredOption('--provider-token <file>', "the provider operator's token")
    .action((options: ProviderOptions & Options, self: Command) =>
      run((output) => {
        const { settings } = openHome(self.optsWithGlobals()['home']);
        const url = needed(options.provider, settings.provider, '--provider');
        return action(providerAt(url, options.providerToken), options, output);
      }),
    );
}
