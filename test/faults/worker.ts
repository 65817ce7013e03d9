/** One thread: the attacks of its share, every fault of each. */

import { parentPort, workerData } from 'node:worker_threads';
import { attacks } from './attacks.ts';
import { runAttack, type Tally } from './campaign.ts';
import { createInjector } from './injector.ts';

export interface Share {
  readonly attacks: readonly string[];
  /** Every n-th trial is made. */
  readonly every: number;
  readonly offset: number;
}

export type News =
  | { readonly kind: 'trials'; readonly count: number }
  | { readonly kind: 'tally'; readonly tally: Tally };

const NEWS_EVERY = 50;

const share = workerData as Share;
const injector = await createInjector();
const tell = (news: News): void => parentPort?.postMessage(news);
for (const attack of attacks.filter(({ name }) => share.attacks.includes(name))) {
  let count = 0;
  const tally = await runAttack(
    attack,
    injector,
    (_, place) => place % share.every === share.offset % share.every,
    () => {
      count += 1;
      if (count % NEWS_EVERY === 0) tell({ kind: 'trials', count: NEWS_EVERY });
    },
  );
  tell({ kind: 'tally', tally });
}
