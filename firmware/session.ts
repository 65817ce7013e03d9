/**
 * The session of the meter: one at a time, with the port it was opened on (requirements.md F2). A new one takes its place
 * only when the other side has proved who it is; until then the open one goes on.
 */

import { equalBytes } from '#protocol/bytes';
import { encodeRefusal } from '#protocol/dispatch';
import {
  discardServer,
  type ServerPending,
  serverAnswer,
  serverConfirm,
} from '#protocol/handshake';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import type { Content } from '#protocol/responder';
import { ok, type Result, refuse } from '#protocol/result';
import type { Role, StateName } from '#protocol/state';
import { type Device, dropAccess, withDeviceKey } from './device.ts';
import { invariant } from './fault.ts';

interface Session {
  readonly port: number;
  readonly records: RecordLayer;
}

export interface Sessions {
  /** First message in, second message out. */
  open(message1: Uint8Array): Result<{ message2: Uint8Array }>;
  /** Third message in: the session is open on this port. */
  confirm(port: number, message3: Uint8Array): Result<Record<never, never>>;
  /** Opens a record, performs what it holds, seals the answer. */
  unseal(port: number, record: Uint8Array, perform: (request: Uint8Array) => Uint8Array): Content;
  /** Ends the session and the handshake under way, and wipes the secrets of both. */
  abandon(): void;
}

/** What a record is answered with where no session can open it. */
export function sessionEnded(state: StateName): Content {
  return { kind: 'open', payload: encodeRefusal(0, refuse('sessionEnded'), state) };
}

/** Whether a host key may open a session for a role: any key while the meter is blank, since its maker comes first. */
function isKnown(device: Device, role: Role, hostKey: Uint8Array): boolean {
  if (device.journal.state.lifeCycle === 'blank') return role === 'cryptoOfficer';
  return equalBytes(device.content[role].hostKey, hostKey);
}

export function createSessions(device: Device): Sessions {
  let pending: ServerPending | undefined;
  let session: Session | undefined;

  function end(): void {
    dropAccess(device);
    session?.records.wipe();
    session = undefined;
    device.sessionRole = undefined;
    device.sessionKey = undefined;
    device.isClosing = false;
  }

  function ended(): Content {
    return sessionEnded(device.states.current);
  }

  function discardPending(): void {
    if (pending !== undefined) discardServer(pending);
    pending = undefined;
  }

  return {
    open(message1) {
      discardPending();
      const {
        meterId,
        devicePublicKey: publicKey,
        deviceCertificate: certificate,
      } = device.content;
      const answer = withDeviceKey(device, (privateKey, crypto) =>
        serverAnswer(
          crypto,
          { meterId, publicKey, privateKey, certificate },
          message1,
          (role, hostKey) => isKnown(device, role, hostKey),
        ),
      );
      if (!answer.ok) return answer;
      pending = answer.value.pending;
      return ok({ message2: answer.value.message2 });
    },
    confirm(port, message3) {
      if (pending === undefined) return refuse('authenticationFailed');
      const confirmed = serverConfirm(device.crypto, pending, message3);
      pending = undefined;
      if (!confirmed.ok) return confirmed;
      const { role, clientKey } = confirmed.value;
      invariant(isKnown(device, role, clientKey)); // a second time: no fault gives a right
      end();
      const { crypto, hardware } = device;
      const ticksMs = () => hardware.clock.ticksMs();
      const records = createRecordLayer(crypto, confirmed.value.keys, ticksMs);
      session = { port, records };
      device.sessionRole = role;
      device.sessionKey = clientKey;
      return ok({});
    },
    unseal(port, record, perform) {
      if (session === undefined || session.port !== port) return ended();
      const request = session.records.open(record);
      if (request === undefined) {
        end();
        return ended();
      }
      const response = perform(request);
      const payload = session.records.seal(response);
      if (device.isClosing) end();
      return { kind: 'sealed', payload };
    },
    abandon() {
      discardPending();
      end();
    },
  };
}
