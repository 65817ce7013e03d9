/** Asks SPASS, the theorem prover (Debian package `spass`), whether a goal follows. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dfg, type Problem } from './clause.ts';

/** By the clock on the wall, which a busy machine stretches; most verdicts take a second, the longest a quarter of a minute. */
const TIME_LIMIT_S = 900;

/** `holds`: SPASS has worked out all that follows, and no goal is among it. `fails`: it found a way to a goal. */
export type Verdict = 'holds' | 'fails' | 'undecided';

const words: Readonly<Record<string, Verdict>> = {
  'Completion found.': 'holds',
  'Proof found.': 'fails',
  'Ran out of time.': 'undecided',
};

/** @throws Error where SPASS cannot be run, or says anything else: a problem it does not understand is no verdict */
export async function decide(problem: Problem, timeLimitS = TIME_LIMIT_S): Promise<Verdict> {
  const said = await spass(dfg(problem), timeLimitS);
  const [, words_ = ''] = /^SPASS beiseite: (.*)$/m.exec(said) ?? [];
  const verdict = words[words_];
  if (verdict === undefined) throw new Error(`SPASS gives no verdict: ${said.slice(-400)}`);
  return verdict;
}

async function spass(text: string, timeLimitS: number): Promise<string> {
  const options = ['-Stdin', '-PGiven=0', '-PProblem=0', `-TimeLimit=${timeLimitS}`];
  const child = spawn('SPASS', options, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
  const ended = once(child, 'close');
  child.stdin.end(text);
  await ended;
  return said;
}
