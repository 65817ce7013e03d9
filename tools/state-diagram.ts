/** The state machine of the firmware as a diagram, from its declaration. */

import { eventNames, stateMachine } from '#firmware/state-machine';
import { stateNames } from '#protocol/state';

/** A Mermaid diagram: one arrow for each pair of states, with the events that lead along it. */
export function stateDiagram(): string {
  const arrows = stateNames.flatMap((from) =>
    stateNames.map((to) => {
      const events = eventNames.filter((event) => stateMachine.states[from].on[event] === to);
      return events.length === 0 ? '' : `    ${from} --> ${to}: ${events.join(', ')}`;
    }),
  );
  const lines = arrows.filter((arrow) => arrow !== '');
  return ['```mermaid', 'stateDiagram-v2', '    [*] --> powerOff', ...lines, '```'].join('\n');
}
