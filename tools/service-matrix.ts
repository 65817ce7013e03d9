/** The service × role × state matrix of the security policy, asked of the rule that the dispatch applies. */

import { type CommandName, commandNames, commandOf } from '#protocol/command';
import { allows } from '#protocol/dispatch';
import { type CallerName, callerNames, type StateName, stateNames } from '#protocol/state';
import { markdownTable } from './markdown.ts';

const letterOf: Readonly<Record<CallerName, string>> = {
  nobody: 'N',
  user: 'U',
  cryptoOfficer: 'C',
};

/** The callers that get a service in a state, at a stage of life that has it, inside a session. */
function callersOf(name: CommandName, state: StateName): string {
  const { lifeCycles } = commandOf(name);
  return callerNames
    .filter((caller) =>
      lifeCycles.some(
        (lifeCycle) => allows(name, { channel: 'sealed', state, lifeCycle, caller }) === undefined,
      ),
    )
    .map((caller) => letterOf[caller])
    .join(' ');
}

/** One row for each service; a state in which nothing at all may be requested has no column. */
export function serviceMatrix(): string {
  const states = stateNames.filter((state) =>
    commandNames.some((name) => callersOf(name, state) !== ''),
  );
  const rows = commandNames.map((name) => {
    const { channel, enters, lifeCycles, charged } = commandOf(name);
    return [
      name,
      ...states.map((state) => callersOf(name, state) || '–'),
      channel,
      enters ?? '–',
      lifeCycles.join(', '),
      charged ? 'yes' : 'no',
    ];
  });
  const closed = stateNames.filter((state) => !states.includes(state));
  return [
    'N nobody is logged in · U user · C crypto officer · – refused.',
    `No service can be requested in ${closed.join(', ')}.\n`,
    markdownTable(
      ['service', ...states, 'channel', 'performed in', 'stages of life', 'charged'],
      rows,
    ),
  ].join('\n');
}
