/** The steps of the model on the real journal of the firmware, as its services perform them. */

import type { FlashDevice } from '#emulator/flash';
import { flashLayout } from '#firmware/flash-layout';
import { formatJournal, type Journal, openJournal } from '#firmware/journal';
import { blankState, NO_DETAIL } from '#firmware/journal-record';
import { aside, debit } from '#firmware/registers';
import type { Crypto } from '#protocol/crypto';
import { mills } from '#protocol/mills';
import { terms } from '#test/support/terms';
import { REFILL_VALUE, type StepName } from './model.ts';

/** The journal of the firmware, or one that has a defect on purpose. */
export interface JournalModule {
  readonly openJournal: typeof openJournal;
  readonly formatJournal: typeof formatJournal;
}

export const firmwareJournal: JournalModule = { openJournal, formatJournal };

const TAG_KEY = new Uint8Array(32).fill(3);
const NONCE = 5;

/** The journal as it is found; undefined where the ring holds no committed state. */
export function open(
  { openJournal }: JournalModule,
  flash: FlashDevice,
  crypto: Crypto,
): Journal | undefined {
  return openJournal(flash, flashLayout(flash), crypto, TAG_KEY);
}

/** What power-up does, before anything is said. @throws Error where the ring holds no committed state */
export function powerUp(module: JournalModule, flash: FlashDevice, crypto: Crypto): Journal {
  const journal =
    open(module, flash, crypto) ??
    module.formatJournal(flash, flashLayout(flash), crypto, TAG_KEY, blankState());
  if (journal === undefined) throw new Error('the ring holds no committed state');
  if (journal.hasGap) throw new Error('a state was lost');
  journal.pin();
  return journal;
}

/** @param postage of a piece that is charged */
export function perform(journal: Journal, step: StepName, postage: number): void {
  const { state } = journal;
  switch (step) {
    case 'refill': {
      const descending = mills(state.descending + REFILL_VALUE);
      const credited = mills(state.credited + REFILL_VALUE);
      journal.append('refillCommit', aside(state, { descending, credited }));
      break;
    }
    case 'charge': {
      const requestId = { counter: state.requestId.counter + 1, nonce: NONCE };
      const detail = { ...NO_DETAIL, kind: 'postage' as const, postage: mills(postage) };
      const charged = debit(state, terms(), requestId, detail, 0);
      if (!charged.ok) throw new Error(charged.status);
      journal.append('debit', charged.value);
      break;
    }
    case 'sign':
      journal.appendSignature({
        requestId: state.requestId,
        signature: signatureOf(state.requestId.counter),
        certificateSerial: 1,
        originZip: 2,
        softwareId: new Uint8Array(6),
        keyId: new Uint8Array(8),
      });
      break;
    case 'try':
      journal.append('passwordTry', aside(state, { userTries: state.userTries + 1 }));
      break;
    case 'right':
      journal.append('passwordRight', aside(state, { userTries: 0 }));
      break;
  }
  journal.sync();
}

const signatureOf = (counter: number): Uint8Array => new Uint8Array(64).fill(counter & 0xff);

/** A piece as the journal finds it by its request id; undefined where it is forgotten. */
export function findPiece(journal: Journal, counter: number) {
  const found = journal.find(counter, NONCE);
  if (found === undefined) return undefined;
  const { debit: charged, signature } = found;
  const isRight =
    charged.requestId.counter === counter &&
    (signature === undefined || signature.signature.every((byte) => byte === (counter & 0xff)));
  if (!isRight) throw new Error(`piece ${counter} is found as another one`);
  return { postage: charged.detail.postage as number, isSigned: signature !== undefined };
}

/** As the model tells it. */
export function tellOf(journal: Journal): string {
  const { ascending, descending, credited, pieceCount, userTries, requestId } = journal.state;
  const last = pieceCount === 0 ? undefined : findPiece(journal, requestId.counter);
  const piece = last === undefined ? 'none' : `${last.postage}${last.isSigned ? ' signed' : ''}`;
  return `${pieceCount} pieces, ${ascending} spent, ${descending} left of ${credited}, ${userTries} tries, last ${piece}`;
}
