/**
 * Charged calls about certificates that are under way: what the meter was asked, and under which request id, is kept until the
 * answer is where it belongs, so that the same is asked again after a crash and nothing is charged twice (requirements.md B3, D5).
 */

import type { RequestId } from '#protocol/command-layouts';
import { choice, hex, list, record, type ShapeValue, text, whole } from '#protocol/http/shape';
import { isAboutTheService } from '../charged.ts';
import { type Disk, hostDisk } from '../disk.ts';
import { RefusedError } from '../errors.ts';
import { meterName, nextRequestId } from '../issue.ts';
import type { Meter } from '../meter.ts';

const services = ['installKey', 'revokeKey'] as const;
const U32_MAX = 0xffff_ffff;

const callShape = record({
  /** As text, `TS01-0000000042`. */
  meter: text(40),
  service: choice(services),
  /** The number of the key in the meter. */
  key: whole(1, 0xffff),
  counter: whole(0, U32_MAX),
  nonce: whole(0, U32_MAX),
  /** The grant or the order that the meter was given. */
  document: hex(1, 2_048),
});
export type CertificateCall = ShapeValue<typeof callShape>;
type CallName = Pick<CertificateCall, 'meter' | 'service' | 'key'>;

const CALLS_MAX = 1_000;
const fileShape = record({
  calls: choice(['tessera certificate calls']),
  version: whole(1, 1),
  open: list(callShape, CALLS_MAX),
});

/** Those that were begun and not ended. */
export interface CertificateCalls {
  find(which: CallName): CertificateCall | undefined;
  /** Durable when it returns: only now may the meter be asked. */
  begin(call: CertificateCall): Promise<void>;
  end(which: CallName): Promise<void>;
}

const isOf =
  ({ meter, service, key }: CallName) =>
  (call: CallName): boolean =>
    call.meter === meter && call.service === service && call.key === key;

function callsOver(
  before: readonly CertificateCall[],
  keep: (open: readonly CertificateCall[]) => Promise<void>,
): CertificateCalls {
  let open = before;
  const replace = async (which: CallName, others: readonly CertificateCall[]): Promise<void> => {
    const next = [...open.filter((call) => !isOf(which)(call)), ...others];
    await keep(next);
    open = next;
  };
  return {
    find: (which) => open.find(isOf(which)),
    begin: (call) => replace(call, [call]),
    end: (which) => replace(which, []),
  };
}

/** For a host that keeps nothing: a crash between the meter and the authority loses the answer. */
export const callsInMemory = (): CertificateCalls => callsOver([], async () => undefined);

/**
 * Kept in a file, which is made when there is something to keep. For one process at a time.
 * @throws Error where the file is damaged, or of a later version: it is never begun anew by itself
 */
export async function openCalls(path: string, disk: Disk = hostDisk): Promise<CertificateCalls> {
  const open = disk.exists(path) ? read(await disk.readWhole(path), path) : [];
  return callsOver(open, async (next) => {
    const file = { calls: 'tessera certificate calls', version: 1, open: next } as const;
    const bytes = new TextEncoder().encode(`${JSON.stringify(fileShape.encode(file))}\n`);
    await disk.writeWhole(path, bytes, 'replace');
  });
}

function read(content: Uint8Array, path: string): readonly CertificateCall[] {
  try {
    return fileShape.decode(JSON.parse(new TextDecoder().decode(content))).open;
  } catch (cause) {
    throw new Error(`${path} is damaged: certificate calls under way cannot be read from it.`, {
      cause,
    });
  }
}

export interface WantedCall {
  readonly service: CertificateCall['service'];
  readonly key: number;
  readonly document: Uint8Array;
}

type CallingMeter = Pick<Meter, 'address' | 'server' | 'registers'>;

/**
 * Asks for a charged service, or again for the one that was begun. The call stays open until `end`: what the meter answers
 * must be safe before.
 * @throws RefusedError: it was not charged, and is not open any more where it never will be · LinkError: it is still open
 */
export async function callOnce<T>(
  meter: CallingMeter,
  calls: CertificateCalls,
  { service, key, document }: WantedCall,
  ask: (requestId: RequestId, document: Uint8Array) => Promise<T>,
): Promise<T> {
  const which = { meter: meterName(meter), service, key };
  const begun = calls.find(which);
  if (begun !== undefined) {
    const { counter, nonce } = begun;
    try {
      return await ask({ counter, nonce }, begun.document);
    } catch (error) {
      if (!(error instanceof RefusedError) || !isAboutTheService(error)) throw error;
      await calls.end(which);
      // the meter never had it, and others came behind it
      if (error.status !== 'requestForgotten') throw error;
    }
  }
  const { requestCounter } = await meter.registers();
  const requestId = nextRequestId(requestCounter);
  await calls.begin({ ...which, ...requestId, document });
  try {
    return await ask(requestId, document);
  } catch (error) {
    if (error instanceof RefusedError && isAboutTheService(error)) await calls.end(which);
    throw error;
  }
}
