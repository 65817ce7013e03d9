/** The generated parts of SECURITY.md beside state machine and matrix: services, parameters, hierarchy, self-tests. */

import { knownAnswers } from '#firmware/known-answers';
import { type CommandName, commandNames, commandOf } from '#protocol/command';
import { stateNames } from '#protocol/state';
import { statuses } from '#protocol/status';
import { commandSource } from './command-source.ts';
import { commandSummary } from './declared-layout.ts';
import { markdownTable } from './markdown.ts';
import { interfacesOf, putsDataOut, statusServices, takesDataIn } from './policy/interfaces.ts';
import { type ParameterName, parameterNames, parameterOf, places } from './policy/parameters.ts';
import { regionNames, regions } from './policy/regions.ts';
import { rangesOf, resultClassOf, resultRanges, statusNames } from './policy/results.ts';
import { selfTests } from './policy/self-tests.ts';
import { accessOf } from './policy/services.ts';

const yes = (is: boolean): string => (is ? 'open' : '–');

/** The states, each with the interfaces that are open in it. */
export function interfaceTable(): string {
  const rows = stateNames.map((state) => {
    const { controlIn, dataIn, dataOut, statusOut } = interfacesOf[state];
    return [state, yes(controlIn), yes(dataIn), yes(dataOut), statusOut.replace('none', '–')];
  });
  return markdownTable(['state', 'control in', 'data in', 'data out', 'status out'], rows);
}

function interfacesUsed(name: CommandName): string {
  const isStatus = statusServices.includes(name);
  return [
    'control in',
    ...(takesDataIn(name) ? ['data in'] : []),
    ...(putsDataOut(name) ? ['data out'] : []),
    ...(isStatus ? ['status out'] : []),
  ].join(', ');
}

/** Each service: what it does, by which interfaces, and its access to each parameter. */
export function serviceTable(): string {
  const source = commandSource();
  const rows = commandNames.map((name) => [
    name,
    commandSummary(source, name),
    commandOf(name).callers.join(', '),
    interfacesUsed(name),
    Object.entries(accessOf(name))
      .map(([parameter, letters]) => `${parameter} ${letters}`)
      .join(', ') || '–',
  ]);
  return markdownTable(
    ['service', 'what it does', 'callers', 'interfaces beside status out', 'access to parameters'],
    rows,
  );
}

export function parameterTable(): string {
  const rows = parameterNames.map((name) => {
    const { kind, what, origin, place, under, destroyed } = parameterOf(name);
    return [name, kind, what, origin, place, under.join(', ') || '–', destroyed];
  });
  return markdownTable(
    ['parameter', 'kind', 'what', 'origin', 'lives in', 'under', 'destroyed'],
    rows,
  );
}

/** A Mermaid diagram: an arrow from what protects or gives a secret to it, in boxes by where they live. */
export function keyHierarchy(): string {
  const secrets = parameterNames.filter((name) => parameterOf(name).kind === 'critical');
  const boxes = places.flatMap((place) => [
    `    subgraph ${place}`,
    ...secrets.filter((name) => parameterOf(name).place === place).map((name) => `        ${name}`),
    '    end',
  ]);
  const arrows = secrets.flatMap((name) =>
    parameterOf(name).under.map((parent) => `    ${parent} --> ${name}`),
  );
  return ['```mermaid', 'flowchart TD', ...boxes, ...arrows, '```'].join('\n');
}

export function selfTestTable(): string {
  const rows = selfTests.map(({ name, occasion, when, fault, detail }) => [
    name,
    occasion,
    when,
    fault,
    detail ?? '–',
  ]);
  const numbers = knownAnswers.map(({ name }, index) => `${index + 1} ${name}`).join(' · ');
  return [
    markdownTable(['test', 'occasion', 'when', 'fault', 'detail'], rows),
    `\nKnown answers: ${numbers}.`,
  ].join('\n');
}

/** The ranges of status numbers, and which faults are soft and which hard. */
export function resultTable(): string {
  const hex = (code: number): string => `0x${code.toString(16).padStart(4, '0')}`;
  const rows = resultRanges.map(({ first, last, about }) => {
    const inside = statusNames.filter((name) => rangesOf(statuses[name].code)[0]?.first === first);
    const classes = [...new Set(inside.map(resultClassOf))].join(', ');
    return [`${hex(first)} to ${hex(last)}`, about, classes, String(inside.length)];
  });
  const ofClass = (wanted: 'soft' | 'hard'): string =>
    statusNames.filter((name) => resultClassOf(name) === wanted).join(', ');
  return [
    markdownTable(['numbers', 'about', 'class', 'statuses'], rows),
    `\nSoft: ${ofClass('soft')}. Hard: ${ofClass('hard')}.`,
  ].join('\n');
}

/** The regions, each with its states and the events that lead on from them. */
export function regionTable(): string {
  const rows = regionNames.flatMap((region) =>
    Object.entries(regions[region].states).map(([state, moves]) => [
      region,
      state,
      Object.entries(moves)
        .map(([event, { to }]) => `${event} → ${to}`)
        .join(', ') || '–',
    ]),
  );
  return markdownTable(['region', 'state', 'leads on'], rows);
}

/** A list of the services that do something to one parameter, for tests and for whoever asks who touches a key. */
export function servicesThat(letter: string, parameter: ParameterName): readonly CommandName[] {
  return commandNames.filter((name) => accessOf(name)[parameter]?.includes(letter) === true);
}
