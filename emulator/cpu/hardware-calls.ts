/**
 * The hardware as it crosses into an engine: a tree of numbers and of calls that carry numbers and ArrayBuffers only
 * (hw/hardware.ts). Whatever parts a board has pass through here, optional ones too, without being known by name.
 */

import { types } from 'node:util';
import type { Hardware } from '#hw/hardware';

/** What a hardware call takes and answers. */
export type Word = number | ArrayBuffer | undefined;
export type HardwareCall = (...given: readonly unknown[]) => Word;

/** What is absent on a board is absent here too. */
export interface HardwareTree {
  readonly [name: string]: number | HardwareCall | HardwareTree;
}

/** @throws TypeError for hardware that offers anything else than numbers, calls and parts made of them */
export function hardwareTree(hardware: Hardware): HardwareTree {
  return treeOf(hardware, 'hardware');
}

function treeOf(part: object, path: string): HardwareTree {
  const entries = Object.entries(part).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, crossing(value, `${path}.${name}`)]),
  );
}

function crossing(value: unknown, path: string): number | HardwareCall | HardwareTree {
  if (typeof value === 'number') return value;
  if (typeof value === 'function') return guarded(value as (...given: unknown[]) => unknown, path);
  if (typeof value === 'object' && value !== null) return treeOf(value, path);
  throw new TypeError(`${path} is a ${typeof value}, which no engine gets`);
}

function guarded(call: (...given: unknown[]) => unknown, path: string): HardwareCall {
  return (...given) => {
    for (const value of given)
      if (!isWord(value)) throw new TypeError(`${path} takes numbers and ArrayBuffers only`);
    const answer = call(...given);
    if (answer === undefined || isWord(answer)) return answer;
    throw new TypeError(`${path} answered a ${typeof answer}, which no engine gets`);
  };
}

/** ArrayBuffers of any realm: an engine of node:vm has its own. */
function isWord(value: unknown): value is number | ArrayBuffer {
  return typeof value === 'number' || types.isArrayBuffer(value);
}

/** All calls of a tree by their path, in the order of the tree. */
export function callsOf(tree: HardwareTree, path = ''): [path: string, call: HardwareCall][] {
  return Object.entries(tree).flatMap(([name, value]): [string, HardwareCall][] => {
    if (typeof value === 'number') return [];
    const inner = `${path}${name}`;
    return typeof value === 'function' ? [[inner, value]] : callsOf(value, `${inner}.`);
  });
}
