/** Keeps a server running until the program is asked to end, and says where it is. */

import { interrupted } from '../interrupt.ts';
import type { Output } from '../output.ts';
import type { HttpServer } from '../server/http-server.ts';
import type { StartOptions } from '../server/start.ts';

export interface ServeOptions {
  readonly dir: string;
  readonly port: number;
}

export async function serveUntilInterrupted(
  name: string,
  { dir, port }: ServeOptions,
  start: (options: StartOptions) => Promise<HttpServer>,
  output: Output,
): Promise<number> {
  using interrupt = interrupted();
  const onFault = (fault: unknown): void => {
    const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
    process.stderr.write(`${name}: ${text}\n`);
  };
  await using server = await start({ directory: dir, port, onFault });
  output.say('ready', { server: name, url: server.url }, `${name} answers at ${server.url}`);
  await interrupt.promise;
  output.say('ended', { server: name }, `${name} stopped`);
  return 0;
}
