/** The state machine of the firmware as a diagram, from its declaration. */

import { stateMachine } from '#firmware/state-machine';
import { stateNames } from '#protocol/state';

/** A Mermaid diagram: one arrow for each pair of states, with the events that lead along it. */
export function stateDiagram(): string {
  const declared = stateMachine.config.states as Readonly<
    Record<string, { readonly on?: Readonly<Record<string, string>> }>
  >;
  const arrows = stateNames.flatMap((from) => {
    const events = Object.entries(declared[from]?.on ?? {});
    return stateNames
      .map((to) => ({ to, names: events.filter(([, next]) => next === to).map(([name]) => name) }))
      .filter(({ names }) => names.length > 0)
      .map(({ to, names }) => `    ${from} --> ${to}: ${names.join(', ')}`);
  });
  return ['```mermaid', 'stateDiagram-v2', '    [*] --> powerOff', ...arrows, '```'].join('\n');
}
