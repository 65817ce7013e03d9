/** A crypto engine with a fault: a unit that answers wrongly, from outside the image, as hardware fails (requirements.md A2). */

import type { CryptoEngine } from '#hw/crypto-engine';

/** The calls of an engine that answer. */
export const engineAnswers = [
  'hashEnd',
  'macEnd',
  'stretch',
  'cipherUpdate',
  'sealEnd',
  'openEnd',
  'publicKey',
  'sign',
  'verify',
  'agree',
] as const satisfies readonly (keyof CryptoEngine)[];

export interface EngineFault {
  /** The call that is answered wrongly. */
  readonly call: (typeof engineAnswers)[number];
  /** `wrong`: one bit is not what it should be, a verdict is turned round · `short`: the last byte is missing. */
  readonly answer: 'wrong' | 'short';
  /** Whether the fault is there now; always by default. */
  readonly isOn?: () => boolean;
}

export function withFault(
  engine: CryptoEngine,
  { call, answer, isOn = () => true }: EngineFault,
): CryptoEngine {
  const right = engine[call] as (...given: unknown[]) => ArrayBuffer | number;
  const faulty = (...given: unknown[]): ArrayBuffer | number => {
    const answered = right(...given);
    return isOn() ? spoilt(answered, answer) : answered;
  };
  return { ...engine, [call]: faulty };
}

function spoilt(
  answered: ArrayBuffer | number,
  answer: EngineFault['answer'],
): ArrayBuffer | number {
  if (typeof answered === 'number') return answer === 'wrong' ? 1 - answered : Number.NaN;
  if (answer === 'short') return answered.slice(0, -1);
  const bytes = new Uint8Array(answered);
  const last = bytes.length - 1;
  return bytes.map((byte, place) => (place === last ? byte ^ 1 : byte)).buffer;
}
