/** A server in a simulated world, provider or authority: its process comes and goes, its data base stays. */

import { answer, mayAsk, type ServedRoutes } from '#cli/server/http-answer';
import { pathFields, routesOf } from '#protocol/http/route';
import type { Faults } from './faults.ts';
import { createSimDatabase, type DatabaseLife, type SimDatabase } from './sim-database.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A request as it is on the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** JSON, or empty. */
  readonly body: string;
}

export interface WireResponse {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

export interface Office extends Pick<SimDatabase, 'database'> {
  readonly name: string;
  /** By how much its clock is ahead, milliseconds. */
  clockAheadMs: number;
  /** Resolves with the answer; rejects when the server is not there, or ends before it has answered. */
  ask(request: WireRequest): Promise<WireResponse>;
  /** Ends the process after so many statements from now, and starts it again after a time. */
  endAfter(statements: number, backAfterMs: number): void;
  /** Starts it if it is not running, and lets it live. */
  mend(): Promise<void>;
}

export interface OfficeOptions<R> {
  readonly name: string;
  readonly content: Uint8Array | undefined;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
  /** Opens the services on a data base. */
  readonly open: (life: DatabaseLife, now: () => number) => Promise<ServedRoutes<R>>;
}

const NEVER = Number.POSITIVE_INFINITY;

export async function openOffice<R extends object>(options: OfficeOptions<R>): Promise<Office> {
  const { name, content, time, trace, faults } = options;
  const { database, open } = createSimDatabase(content, () => {
    faults.count('serverKilled');
    trace.note(`${name} ended`);
    for (const reject of waiting) reject(new Error('ECONNRESET'));
    waiting.clear();
    served = undefined;
    starting = undefined;
    time.after(backAfterMs, () => void start());
  });
  const waiting = new Set<(reason: Error) => void>();
  let backAfterMs = 1_000;
  let clockAheadMs = 0;
  let life: DatabaseLife;
  let served: ServedRoutes<R> | undefined;
  /** Undefined where nothing runs, and nothing is about to. */
  let starting: Promise<void> | undefined;

  function start(): Promise<void> {
    starting ??= begin();
    return starting;
  }
  async function begin(): Promise<void> {
    const mine = open();
    life = mine;
    const next = await options.open(mine, () => time.nowMs + clockAheadMs);
    if (!mine.isOver) served = next;
  }

  async function perform(request: WireRequest): Promise<WireResponse> {
    if (served === undefined) throw new Error('ECONNREFUSED');
    const { name: route, params } = routeOf(served.routes, request);
    const declared = (served.routes as Readonly<Record<string, never>>)[route] as never;
    if (!mayAsk(declared, served.token, request.authorization))
      return { status: 401, body: '{"error":"tokenRequired","message":"token","advice":"act"}' };
    const body: unknown = request.body === '' ? undefined : JSON.parse(request.body);
    const answered = await answer(served, route, { params, body });
    return { status: answered.status, body: JSON.stringify(answered.body) };
  }

  await start();
  return {
    name,
    database,
    get clockAheadMs() {
      return clockAheadMs;
    },
    set clockAheadMs(aheadMs) {
      clockAheadMs = aheadMs;
    },
    ask(request) {
      const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
      waiting.add(reject);
      perform(request)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject));
      return promise;
    },
    endAfter(statements, ms) {
      backAfterMs = ms;
      life.endAfter(statements);
    },
    async mend() {
      life.endAfter(NEVER);
      await start();
    },
  };
}

interface Pattern {
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  readonly fields: readonly string[];
}
const patterns = new WeakMap<object, readonly Pattern[]>();

function patternsOf(routes: object): readonly Pattern[] {
  const known = patterns.get(routes);
  if (known !== undefined) return known;
  const made = routesOf(routes).map(([name, { method, path }]) => ({
    name,
    method,
    path: new RegExp(`^${path.replace(/:\w+/g, '([^/]+)')}$`),
    fields: pathFields(path),
  }));
  patterns.set(routes, made);
  return made;
}

/** The route of a request, as a server would find it. @throws Error where there is none */
function routeOf(routes: object, { method, path }: WireRequest) {
  for (const route of patternsOf(routes)) {
    const found = route.method === method ? route.path.exec(path) : null;
    if (found === null) continue;
    const values = found.slice(1).map(decodeURIComponent);
    const params = Object.fromEntries(route.fields.map((field, at) => [field, values[at]]));
    return { name: route.name, params };
  }
  throw new Error(`there is no route ${method} ${path}`);
}
