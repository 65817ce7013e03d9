/** The lines of the real code that the explorer changes: so that it is fast, and to break it on purpose. */

import type { Change } from '#test/support/changed-code';
import type { LongRun } from './runs.ts';

/**
 * No self-tests of image and algorithms, which take longer than all the rest; and no globals put in place, since this process
 * is not the bare context that an image runs in.
 */
export const forExploring: readonly Change[] = [
  {
    file: 'firmware/bring-up.ts',
    from: 'testImageAndAlgorithms(crypto, hardware);',
    to: '{ version: 256, securityVersion: 1, bodyForm: "source" as const, digest: new Uint8Array(32) };',
  },
  { file: 'firmware/shims.ts', from: 'Object.assign(globalThis, {', to: 'Object.assign({}, {' },
];

/** One lock of the real code taken off. */
export interface Break {
  readonly name: string;
  readonly changes: readonly Change[];
  /** Where it is looked for: the run in which that lock matters. */
  readonly run: LongRun;
  /** Whether a promise breaks; where none does, another lock stands behind the one that is off. */
  readonly isFound: boolean;
}

const matching = 'protocol/documents/refill.ts';
const agreeing = 'protocol/documents/withdrawal.ts';
const meter = 'firmware/services/refill.ts';
const leaving = 'firmware/services/withdrawal.ts';
const rules = 'firmware/registers.ts';
const printing = 'firmware/services/indicium.ts';
const provider = 'provider/refill.ts';
const returning = 'provider/withdrawal.ts';
const proving = 'provider/withdrawal-proof.ts';
const off = (file: string, from: string, to = ''): Change => ({ file, from, to });

const nonce = off(matching, 'equalBytes(authorisation.nonce, pending.nonce) &&');
const sequence = off(matching, 'authorisation.sequence === pending.sequence &&');
const sum = off(matching, 'sum === pending.controlSum', 'true');
const offered = off(agreeing, 'equalBytes(authorisation.nonce, asked.nonce) &&');
const counted = off(agreeing, 'authorisation.sequence === asked.sequence &&');
const left = off(agreeing, 'authorisation.postal === asked.postal &&');
const recorded = off(
  printing,
  'if (recorded !== undefined) return repeat(device, request, recorded);',
);

const ofRefills: readonly Break[] = [
  {
    name: 'the meter does not check the nonce',
    changes: [nonce],
    run: 'the flash put back once',
    isFound: true,
  },
  {
    name: 'the meter does not check the sequence',
    changes: [sequence],
    run: 'the flash put back once',
    isFound: false,
  },
  {
    name: 'the meter does not check the control sum',
    changes: [sum],
    run: 'the flash put back once',
    isFound: false,
  },
  {
    name: 'the meter checks neither nonce, sequence nor control sum',
    changes: [nonce, sequence, sum],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'the meter forgets the refill that is pending',
    changes: [
      off(
        meter,
        'if (state.refillPending === 0) {\n    const nonce',
        'if (wish.amount > 0) {\n    const nonce',
      ),
    ],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'a refill stays pending after its credit',
    changes: [
      off(
        rules,
        '{ ...credit(state, authorised), refillPending: mills(0), detail: NO_DETAIL }',
        '{ ...credit(state, authorised), detail: NO_DETAIL }',
      ),
    ],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'what comes back for spoiled pieces counts as bought',
    changes: [
      off(
        rules,
        'spoilageCredited: plus(state.spoilageCredited, amount)',
        'credited: plus(state.credited, amount)',
      ),
    ],
    run: 'refused to give back before spoiled pieces are paid',
    isFound: true,
  },
  {
    name: 'the meter answers before its record is safe',
    changes: [off('firmware/device.ts', '  device.journal.sync();\n')],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'an indicium leaves before its records are safe',
    changes: [
      off(
        printing,
        'journal.appendSignature({ requestId: charged.requestId, signature, ...maker });\n  journal.sync();',
        'journal.appendSignature({ requestId: charged.requestId, signature, ...maker });',
      ),
    ],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'the meter does not look for a recorded piece',
    changes: [recorded],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'the meter neither looks for a recorded piece nor at its counter',
    changes: [recorded, off(rules, "if (id.counter <= last) return refuse('requestForgotten');")],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'the provider does not look for a recorded answer',
    changes: [
      off(
        provider,
        'if (answered !== undefined) return repeat(context, trx, answered.authorisation, request);',
      ),
    ],
    run: 'one power cut',
    isFound: true,
  },
  {
    name: 'the provider does not check the sequence',
    changes: [
      off(
        provider,
        "if (sequence !== books.refillSequence + 1) return { refusal: 'outOfSequence' };",
      ),
    ],
    run: 'the flash put back once',
    isFound: false,
  },
];

const ofWithdrawals: readonly Break[] = [
  {
    name: 'the meter goes on after it has offered everything',
    changes: [off(leaving, "lifeCycle: 'withdrawing',", "lifeCycle: 'registered',")],
    run: 'everything given back, one power cut',
    isFound: true,
  },
  {
    name: 'the meter does not check the nonce of an agreement',
    changes: [offered],
    run: 'refused to give back before spoiled pieces are paid',
    isFound: false,
  },
  {
    name: 'the meter takes the answer to any offer for that to the last',
    changes: [offered, counted, left],
    run: 'refused to give back before spoiled pieces are paid',
    isFound: true,
  },
  {
    name: 'a withdrawal leaves the money in the meter',
    changes: [
      off(
        leaving,
        "{ ...withdraw(before), lifeCycle: 'withdrawn' }",
        "{ ...before, lifeCycle: 'withdrawn' }",
      ),
    ],
    run: 'everything given back, one power cut',
    isFound: true,
  },
  {
    name: 'a withdrawal that power cut short is not finished',
    changes: [
      off(
        'firmware/bring-up.ts',
        'finishWithdrawal(device); // power may have failed',
        '// power may have failed',
      ),
    ],
    run: 'everything given back, one power cut',
    isFound: true,
  },
  {
    name: 'the keys stay in the other bank',
    changes: [off(leaving, 'store.clearOther(journal.state.storeGeneration);')],
    run: 'everything given back, one power cut',
    isFound: true,
  },
  {
    name: 'the provider does not look for a recorded offer',
    changes: [
      off(
        returning,
        'if (answered !== undefined) {\n    const { authorisation',
        'if (answered !== undefined && request.sequence === 0) {\n    const { authorisation',
      ),
    ],
    run: 'everything given back, one power cut',
    isFound: true,
  },
  {
    name: 'the provider gives back each time the proof comes',
    changes: [
      off(proving, 'if (agreed.proof !== null)', 'if (postal < 0 && agreed.proof !== null)'),
    ],
    run: 'everything given back, one power cut',
    isFound: true,
  },
  {
    name: 'the provider takes a proof of what it refused',
    changes: [off(proving, "agreed?.verdict !== 'agreed' ||", 'agreed === undefined ||')],
    run: 'refused to give back before spoiled pieces are paid',
    isFound: false,
  },
  {
    name: 'the provider refills a meter that has agreed to leave',
    changes: [
      off(
        provider,
        'if (await isLeaving(trx, meter))',
        'if (sequence < 0 && (await isLeaving(trx, meter)))',
      ),
    ],
    run: 'everything given back, the flash put back once',
    isFound: false,
  },
];

export const breaks: readonly Break[] = [...ofRefills, ...ofWithdrawals];
