/** Requests of a trace: certificates for others, and what the keys of the user do beside postmarks. */

import { ascii } from '#protocol/bytes';
import type { CommandName, RequestOf } from '#protocol/command';
import type { securityCommands } from '#protocol/commands/security';
import { addDays } from '#protocol/documents/date';
import { keyUsesOf } from '#protocol/documents/user-key';
import { type Asking, mostly, transaction } from './asking.ts';
import { stranger } from './documents.ts';

type SecurityName = CommandName & keyof typeof securityCommands;

const agentRequest = (asking: Asking): RequestOf<'agentCertificate'> => {
  const { known, dice, today } = asking;
  const isForReceiver = dice.chance(60);
  return {
    requestId: transaction(asking),
    number: known.key?.number ?? 1,
    uses: keyUsesOf(dice.pick(['sign', 'agree', 'authenticate'] as const)),
    commonName: ascii('Another'),
    validFrom: today,
    validTo: addDays(today, dice.pick([30, 300, 4000])),
    receiverKey: isForReceiver
      ? mostly(asking, stranger.publicKey, new Uint8Array(33).fill(2))
      : new Uint8Array(0),
    passwordKey: isForReceiver ? new Uint8Array(0) : dice.bytes(32),
  };
};

const keyAndTransaction = (asking: Asking) => ({
  requestId: transaction(asking),
  number: asking.known.key?.number ?? 1,
});

export const securityRequests: {
  readonly [N in SecurityName]: (asking: Asking) => RequestOf<N>;
} = {
  agentCertificate: (asking) => agentRequest(asking),
  signContent: (asking) => ({
    ...keyAndTransaction(asking),
    content: mostly(asking, asking.dice.bytes(asking.dice.below(300)), ascii('TAU1')),
  }),
  verifySignature: (asking) => ({
    requestId: transaction(asking),
    content: asking.dice.bytes(20),
    certificate: mostly(asking, new Uint8Array(0), asking.dice.bytes(40)),
    publicKey: stranger.publicKey,
    signature: asking.dice.bytes(64),
  }),
  encryptKey: (asking) => ({
    requestId: transaction(asking),
    receiverKey: mostly(asking, stranger.publicKey, new Uint8Array(33).fill(2)),
  }),
  decryptKey: (asking) => ({
    ...keyAndTransaction(asking),
    ephemeralKey: mostly(asking, stranger.publicKey, new Uint8Array(33).fill(2)),
    sharedInfo: asking.dice.bytes(asking.dice.below(40)),
    wrapKeySize: asking.dice.pick([16, 24, 32]),
    wrappedKey: asking.dice.bytes(40),
  }),
  authenticate: (asking) => ({
    ...keyAndTransaction(asking),
    challenge: asking.dice.bytes(asking.dice.pick([16, 64])),
  }),
};
