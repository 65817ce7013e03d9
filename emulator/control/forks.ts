/** Boards that came of forking, each with a control and a TCP port of its own, and how they end. */

import { boardPorts } from '../board-ports.ts';
import { listenTcp } from '../ports/tcp.ts';
import type { Rig } from '../rig/rig.ts';
import { type ControlServer, type ControlServerOptions, serveControl } from './http-server.ts';
import { FORKS_MAX } from './operations.ts';
import type { ControlHost, Published } from './perform.ts';

/** Boards of one family: forks of forks count as well. */
export class Forks implements AsyncDisposable {
  readonly #options: ControlServerOptions;
  readonly #ends = new Set<() => Promise<void>>();
  /** Boards that have their ports, or will. */
  #count = 0;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /** Serves the first of the family. */
  serve(rig: Rig): Promise<ControlServer> {
    return serveControl(rig, { ...this.#options, host: this.#hostOf(undefined) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#ends, (end) => end()));
  }

  #hostOf(end: (() => void) | undefined): ControlHost {
    return {
      end,
      publish: async (boards, count) => {
        if (this.#count + count > FORKS_MAX) return undefined;
        this.#count += count;
        return Promise.all(boards().map((rig) => this.#open(rig)));
      },
    };
  }

  async #open(rig: Rig): Promise<Published> {
    const resources = new AsyncDisposableStack();
    resources.use(rig);
    const end = async (): Promise<void> => {
      if (!this.#ends.delete(end)) return;
      this.#count -= 1;
      await resources.disposeAsync();
    };
    this.#ends.add(end);
    const tcp = resources.use(await listenTcp(rig.lines, { boardPort: boardPorts.tcp }));
    // Later: the asker shall have its answer first.
    const host = this.#hostOf(() => void setImmediate(() => void end()));
    const control = resources.use(await serveControl(rig, { ...this.#options, port: 0, host }));
    return { control: control.url, tcp: tcp.address };
  }
}
