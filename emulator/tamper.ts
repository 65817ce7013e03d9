/** The contact of the housing, which remembers on its battery that it was opened (requirements.md H1). */

export interface TamperContact {
  readonly isTriggered: boolean;
  /** Opens the housing. */
  trigger(): void;
  /** Closes it again and forgets: the maker's tool only. */
  rearm(): void;
  /** Tells of every change from now on; the function it gives ends that. */
  onChange(listener: (isTriggered: boolean) => void): () => void;
}

export function createTamperContact(isTriggered = false): TamperContact {
  const listeners = new Set<(isTriggered: boolean) => void>();
  let state = isTriggered;
  function change(next: boolean): void {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener(next);
  }
  return {
    get isTriggered() {
      return state;
    },
    trigger: () => change(true),
    rearm: () => change(false),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
