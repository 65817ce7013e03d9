/** What a program waits for that has ended. A new one each time: one for all would keep whoever ever waited for it. */

export const never = (): Promise<never> => new Promise(() => undefined);
