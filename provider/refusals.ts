/** What the provider refuses, and what to do then. */

import { decline, type Outcome, type RefusalCatalogue } from '#protocol/http/refusal';

export const providerRefusals = {
  logHalted: {
    httpStatus: 503,
    advice: 'act',
    text: 'The transaction log is damaged: nothing is done until somebody has looked into it.',
  },
  documentMalformed: {
    httpStatus: 400,
    advice: 'final',
    text: 'The document does not have its layout.',
  },
  signatureInvalid: {
    httpStatus: 403,
    advice: 'final',
    text: 'The document is not signed by the meter it names.',
  },
  certificateInvalid: {
    httpStatus: 422,
    advice: 'final',
    text: 'This is no device certificate of a meter that the authority issued and that is valid today.',
  },
  certificateExpired: {
    httpStatus: 403,
    advice: 'act',
    text: 'The device certificate of the meter is not valid today: renew it.',
  },
  customerUnknown: {
    httpStatus: 404,
    advice: 'act',
    text: 'No customer has this number: open an account first.',
  },
  meterUnknown: {
    httpStatus: 404,
    advice: 'act',
    text: 'The meter is not enrolled here: enrol it first.',
  },
  meterEnrolled: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter is enrolled for another customer or with another certificate.',
  },
  requestIdReused: {
    httpStatus: 409,
    advice: 'final',
    text: 'This request id was used for a different request.',
  },
  requestChanged: {
    httpStatus: 409,
    advice: 'final',
    text: 'This refill was requested and answered with other values.',
  },
  outOfSequence: {
    httpStatus: 409,
    advice: 'final',
    text: 'This is not the next refill of the meter.',
  },
  nonceReused: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter has used this nonce for another refill.',
  },
  registersContradict: {
    httpStatus: 409,
    advice: 'act',
    text: 'The registers are not what was credited to the meter: have it inspected.',
  },
  meterWithdrawn: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter has agreed to give back all that is in it: it gets nothing any more.',
  },
  withdrawalUnknown: {
    httpStatus: 409,
    advice: 'final',
    text: 'This is no proof of a withdrawal that was agreed here.',
  },
  proofChanged: {
    httpStatus: 409,
    advice: 'final',
    text: 'The meter has proved this withdrawal in other words before.',
  },
  accountBusy: {
    httpStatus: 409,
    advice: 'act',
    text: 'Something is owed, a claim is not decided, or a withdrawal is not proved: finish that first.',
  },
  claimUnknown: {
    httpStatus: 404,
    advice: 'final',
    text: 'No claim has this number.',
  },
  claimEmpty: {
    httpStatus: 422,
    advice: 'final',
    text: 'A claim names one piece at least.',
  },
  creditNotOffered: {
    httpStatus: 409,
    advice: 'act',
    text: 'No credit is given here: the operator has set no terms for it.',
  },
  creditUnproved: {
    httpStatus: 403,
    advice: 'final',
    text: 'The request has no postmark of its meter, or no key of the meter that may pay.',
  },
  creditUnknown: {
    httpStatus: 404,
    advice: 'final',
    text: 'No such request or line of credit is known here.',
  },
  creditDecided: {
    httpStatus: 409,
    advice: 'final',
    text: 'The request was decided otherwise before.',
  },
  paymentInvalid: {
    httpStatus: 422,
    advice: 'final',
    text: 'This is no payment from the line of credit that it names.',
  },
  amountTooLarge: {
    httpStatus: 422,
    advice: 'final',
    text: 'The sum would pass 48 bits.',
  },
  authorityUnavailable: {
    httpStatus: 503,
    advice: 'retry',
    text: 'The authority has not answered; what was begun is kept and finished by repeating it.',
  },
  issueInvalid: {
    httpStatus: 502,
    advice: 'act',
    text: "The authority's answer is not a value issue for this request: nothing was credited.",
  },
  answerInvalid: {
    httpStatus: 502,
    advice: 'act',
    text: "The authority's answer is not one to this claim: nothing was credited.",
  },
} as const satisfies RefusalCatalogue;

export type ProviderRefusal = keyof typeof providerRefusals;
export type ProviderOutcome<T> = Outcome<T, ProviderRefusal>;

/** Refuses with a name of this catalogue. */
export const refuseBecause = (error: ProviderRefusal, detail = '') => decline(error, detail);
