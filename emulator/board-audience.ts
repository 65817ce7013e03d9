/** Who listens to a board, and what they are told, in the order in which it happened. */

import type { StateName } from '#protocol/state';
import type { CallQueue } from './call-queue.ts';

export type News =
  | { readonly kind: 'sent'; readonly port: number; readonly bytes: Uint8Array }
  | { readonly kind: 'shows'; readonly state: StateName }
  | { readonly kind: 'runs'; readonly isRunning: boolean };

export interface Audience {
  onSend(port: number, listener: (bytes: Uint8Array) => void): () => void;
  onIndicator(listener: (state: StateName) => void): () => void;
  onRun(listener: (isRunning: boolean) => void): () => void;
  /** Queued: a listener that throws keeps nothing from the others. */
  tell(news: News): void;
}

export function createAudience(calls: CallQueue): Audience {
  const listeners = new Set<(news: News) => void>();
  function add(listener: (news: News) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
  return {
    onSend: (port, listener) =>
      add((news) => {
        if (news.kind === 'sent' && news.port === port) listener(news.bytes);
      }),
    onIndicator: (listener) =>
      add((news) => {
        if (news.kind === 'shows') listener(news.state);
      }),
    onRun: (listener) =>
      add((news) => {
        if (news.kind === 'runs') listener(news.isRunning);
      }),
    tell(news) {
      for (const listener of listeners) calls.run(() => listener(news));
    },
  };
}
