/** ESC/POS for the mechanism: the pure interpreter, with its state kept here. */

import type { EngineCommand, PrinterEngine } from './engine.ts';
import { execute } from './escpos-interpreter.ts';
import { lex, lexerStart, type Token } from './escpos-lexer.ts';
import { interpreterStart, type PaperProfile } from './interpreter-state.ts';
import { realTimeStatus } from './printer-status.ts';
import { createRealTimeScanner } from './real-time-scanner.ts';

/** @param answersInsideData DLE EOT is answered also where its bytes are part of a picture, as real printers do */
export function escposEngine(profile: PaperProfile, answersInsideData: boolean): PrinterEngine {
  let state = interpreterStart(profile);
  const scanner = createRealTimeScanner();

  const commandOf = (token: Token, isImmediate: boolean): EngineCommand => ({
    offset: token.offset,
    end: token.end,
    isImmediate,
    perform(status) {
      const step = execute(state, token, status);
      state = { ...step.state, lexer: state.lexer };
      return step.events;
    },
  });
  const statusAnswer = (selector: number): EngineCommand => ({
    offset: state.lexer.offset,
    end: state.lexer.offset,
    isImmediate: true,
    perform(status) {
      const bytes = realTimeStatus(status, selector);
      return bytes === undefined ? [] : [{ kind: 'answer', bytes }];
    },
  });

  return {
    get offset() {
      return state.lexer.offset;
    },
    read(bytes) {
      const { state: lexer, tokens } = lex(state.lexer, bytes);
      state = { ...state, lexer };
      const found = answersInsideData ? scanner(bytes).map(statusAnswer) : [];
      const isAsked = (token: Token): boolean =>
        token.kind === 'command' && token.name === 'DLE EOT';
      for (const token of tokens)
        if (!(answersInsideData && isAsked(token))) found.push(commandOf(token, isAsked(token)));
      return found;
    },
    reset() {
      const { offset } = state.lexer;
      state = { ...interpreterStart(state.profile), lexer: { ...lexerStart, offset } };
    },
  };
}
