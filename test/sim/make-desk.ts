/** Puts a desk together, and watches that its meter charges nothing that its disk does not know of. */

import { startComputer } from './computer.ts';
import type { Desk } from './desk.ts';
import { createMeterDevice } from './meter-device.ts';
import { createMeterLine } from './meter-line.ts';
import { randomOf } from './random.ts';
import { createSimDisk, type SimDisk } from './sim-disk.ts';
import { createSimPrinter } from './sim-printer.ts';
import { streams } from './streams.ts';
import { Violation } from './violation.ts';
import { requestKeyOf } from './witness.ts';
import type { TemplateDesk, World } from './world.ts';

/** Where the programs of a desk keep what they must not forget. */
export const PENDING_JOURNAL = '/desk/pieces.journal';
export const JOBS = '/jobs';

export function makeDesk(world: World, index: number, template: TemplateDesk): Desk {
  const { time, trace, faults, seed, alarm } = world;
  const name = `desk${index}`;
  const parts = { time, trace, faults };
  const { housing, ...owned } = template;
  const intentions = new Map<string, string>();
  const disk = createSimDisk((path) => readIntentions(disk, path));
  const readIntentions = intentionReader(intentions);
  const device = createMeterDevice({
    ...{ ...parts, name: `meter${index}`, housing, alarm },
    image: world.defects.image ?? world.template.image,
    random: randomOf(seed, streams.device, index),
    onDebit({ request, pieceCount }) {
      if (!intentions.has(request))
        alarm(new Violation('indicium', `${name}: piece ${pieceCount} was intended by nobody`));
    },
    onSend: (bytes) => desk.line.fromDevice(bytes),
  });
  const desk: Desk = {
    ...owned,
    ...{ name, device, disk, housing, intentions },
    computer: startComputer(world, { name, index, disk, start: 1 }),
    line: createMeterLine({ ...parts, name: `line${index}`, toDevice: device.receive }),
    printer: createSimPrinter({ ...parts, name: `printer${index}` }),
    passwords: {
      user: { current: 'password of user', other: undefined },
      cryptoOfficer: { current: 'password of officer', other: undefined },
    },
    born: undefined,
    open: undefined,
    wishes: new Map(),
    jobs: [],
    ordered: new Map(),
    deviceKey: undefined,
    told: undefined,
    hadWrongClock: false,
    isCloned: false,
    queued: 0,
    busy: Promise.resolve(),
  };
  return desk;
}

/** A line of either journal, as far as it is looked at here. */
interface JournalLine {
  readonly step?: string;
  readonly counter?: number;
  readonly nonce?: number;
  readonly piece?: number | { readonly reference?: string };
  readonly intention?: { readonly requestId: { readonly counter: number; readonly nonce: number } };
}

/** Reads from each journal the lines that became durable since the last time. */
function intentionReader(intentions: Map<string, string>) {
  const read = new Map<string, number>();
  return (disk: SimDisk, path: string): void => {
    if (!path.endsWith('pieces.journal')) return;
    const lines = disk.durableLines(path);
    for (const line of lines.slice(read.get(path) ?? 0)) {
      const { step, piece, intention, counter, nonce } = JSON.parse(
        line.slice(line.indexOf(' ')),
      ) as JournalLine;
      if (step !== 'intended') continue;
      const id = intention?.requestId ?? { counter: counter as number, nonce: nonce as number };
      const reference =
        typeof piece === 'object' ? (piece.reference as string) : `${path} ${String(piece)}`;
      intentions.set(requestKeyOf(id), reference);
    }
    read.set(path, lines.length);
  };
}
