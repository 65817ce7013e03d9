/** Which calls of the hardware a trace keeps, what in them is secret, and which of them leave something behind. */

/**
 * They follow from the image and from what the first event of a trace says of the board, so that a replay computes them
 * again: only a digest of them is kept. No key and no plaintext gets into a trace.
 */
const QUIET = ['fuses.', 'image.', 'cryptoEngine.'] as const;

export const isQuiet = (path: string): boolean => QUIET.some((part) => path.startsWith(part));

/** They ask and change nothing, so that another image may make them otherwise and still do the same. */
const queries: ReadonlySet<string> = new Set([
  'flash.read',
  'clock.nowMs',
  'clock.ticksMs',
  'tamper.isTriggered',
  'watchdog.feed',
]);

/** Whether a call does something that can be seen from outside; of one that is not known here that is taken for granted. */
export const isEffect = (path: string): boolean => !queries.has(path);

/** What crosses the lines to the outside is no secret: whoever holds the cable has it. All other bytes are. */
export const isOpen = (path: string): boolean => path === 'ports.send';
