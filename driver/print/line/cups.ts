/**
 * A queue of CUPS on this computer, by its own programs: `lp` gets a whole job or none. Labels in the language of a printer
 * go through unchanged; a PDF is printed at its own size, whatever the queue would do by itself.
 */

import { spawn } from 'node:child_process';
import { linkListeners } from '../../link/link.ts';
import { type PrinterLine, UnsentError } from './line.ts';

/** As `cups:NAME?media=Env10`; what is behind the question mark is given to `lp` as options. */
export interface CupsAddress {
  readonly queue: string;
  readonly options: readonly string[];
}

const NAME = /^[\w.-]+$/;
const OPTION = /^[\w.-]+(=[\w.,-]+)?$/;
const PDF_MAGIC = '%PDF';

/** @throws TypeError for a name or an option that no queue has */
export function parseCupsAddress(text: string): CupsAddress {
  const [queue = '', query = ''] = text.slice('cups:'.length).split('?', 2);
  const options = query === '' ? [] : query.split('&');
  if (!NAME.test(queue) || !options.every((option) => OPTION.test(option)))
    throw new TypeError('a queue is cups:NAME, or cups:NAME?option=value&…');
  return { queue, options };
}

/** @throws Error where there is no such queue, or it takes or prints nothing */
export async function openCupsLine({ queue, options }: CupsAddress): Promise<PrinterLine> {
  const state = await run('lpstat', ['-p', queue, '-a', queue]);
  if (/ disabled since /.test(state)) throw new Error(`the queue ${queue} is stopped`);
  if (/ not accepting requests /.test(state)) throw new Error(`the queue ${queue} takes no jobs`);
  const listeners = linkListeners();
  let job: Uint8Array[] = [];
  return {
    isTwoWay: false,
    async write(bytes) {
      if (listeners.isClosed) throw new UnsentError('the printer was closed');
      job.push(bytes);
    },
    async flush() {
      const bytes = Buffer.concat(job);
      job = [];
      const isPdf = bytes.toString('latin1', 0, PDF_MAGIC.length) === PDF_MAGIC;
      const kind = isPdf ? ['-o', 'print-scaling=none'] : ['-o', 'raw'];
      const chosen = options.flatMap((option) => ['-o', option]);
      await run('lp', ['-d', queue, '-t', 'tessera', ...kind, ...chosen, '-'], bytes);
    },
    onData: listeners.onData,
    onClose: listeners.onClose,
    async close() {
      listeners.closed(undefined);
    },
  };
}

/** What a program says. @throws UnsentError where it is not there or fails: then it took nothing */
function run(program: string, args: readonly string[], input?: Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, args, { env: { ...process.env, LC_ALL: 'C' } });
  let said = '';
  let complaint = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    complaint += text.toString();
  });
  child.on('error', ({ message }) => reject(new UnsentError(message)));
  child.on('close', (code) => {
    if (code === 0) resolve(said);
    else reject(new UnsentError(complaint.trim() || `${program} ended with ${code}`));
  });
  child.stdin.on('error', () => undefined); // it ended before it read all, and its code says so
  child.stdin.end(input);
  return promise;
}
