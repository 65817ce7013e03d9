/**
 * An authority and a provider for the driver's tests: small, near, and with the keys of the test meter, so that what they
 * sign is what the meter takes. The real ones stand behind the tests of the command line.
 */

import type { AuthorityOffice, ProviderOffice } from '#driver/contact/offices';
import { nodeCrypto } from '#driver/node-crypto';
import { issueAcknowledgement, readInspectionReport } from '#protocol/documents/inspection';
import { keyRenewalDocument } from '#protocol/documents/key-renewal';
import {
  issueClockSetting,
  issueLockOrder,
  type LockOrderFields,
} from '#protocol/documents/orders';
import type { RefillAuthorisation, RefillRequest } from '#protocol/documents/refill';
import { readRefillRequest } from '#protocol/documents/refill';
import { EMPTY_LOG, type LogRecord, verifyLogExport } from '#protocol/documents/security-log';
import {
  signWithdrawalAuthorisation,
  type WithdrawalAuthorisation,
  withdrawalReportDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from './board.ts';
import {
  authorisation,
  authorityKeys,
  certificate,
  licence,
  meterId,
  providerKeys,
  rateTable,
} from './meter.ts';

/** What the offices say; a test sets it. */
export interface OfficeRules {
  nowMs: number;
  rates: Uint8Array;
  nextRates: Uint8Array | undefined;
  licence: Uint8Array;
  order: Uint8Array | undefined;
  /** Orders to revoke keys; a confirmation takes all of them away. */
  revocations: readonly Uint8Array[];
  authorityKeys: readonly Uint8Array[];
  /** Whether an inspection is accepted. */
  accepts: boolean;
  /** What the provider says otherwise than yes to a refill. */
  answer: (request: RefillRequest) => Partial<RefillAuthorisation>;
  verdict: WithdrawalAuthorisation['verdict'];
  /** Told each question before it is answered; what it throws is what the office throws. */
  onQuestion: (name: string) => void;
}

export interface TestOffices {
  readonly authority: AuthorityOffice;
  readonly provider: ProviderOffice;
  readonly rules: OfficeRules;
  /** What the authority holds of the security log. */
  readonly log: readonly LogRecord[];
  /** Names of the questions so far. */
  readonly asked: readonly string[];
}

export function lockOrder(fields: Partial<LockOrderFields> = {}): Uint8Array {
  return issueLockOrder(nodeCrypto, authorityKeys, {
    meterId,
    sequence: 1,
    action: 'lock',
    reason: 'ordered',
    timeMs: TEST_TIME_MS,
    ...fields,
  });
}

export function openOffices(): TestOffices {
  const asked: string[] = [];
  const log: LogRecord[] = [];
  const rules: OfficeRules = {
    nowMs: TEST_TIME_MS,
    rates: rateTable(),
    nextRates: undefined,
    licence: licence(),
    order: undefined,
    revocations: [],
    authorityKeys: [],
    accepts: true,
    answer: () => ({}),
    verdict: 'agreed',
    onQuestion: () => undefined,
  };
  const answering =
    <Request, Response>(name: string, answer: (request: Request) => Response) =>
    async (request: Request): Promise<Response> => {
      asked.push(name);
      rules.onQuestion(name);
      return answer(request);
    };
  return {
    rules,
    log,
    asked,
    authority: {
      authorityKeys: answering('authorityKeys', () => ({ certificates: rules.authorityKeys })),
      setClock: answering('authority clock', settingOf(rules, authorityKeys)),
      lockOrder: answering('lockOrder', () => ({ order: rules.order })),
      currentRateTable: answering('currentRateTable', () => ({ rateTable: rules.rates })),
      nextRateTable: answering('nextRateTable', () => ({ rateTable: rules.nextRates })),
      licence: answering('licence', () => ({ licence: rules.licence })),
      renewCertificates: answering('renewCertificates', certified),
      revocationOrders: answering('revocationOrders', () => ({ orders: rules.revocations })),
      confirmRevocation: answering('confirmRevocation', () => {
        rules.revocations = [];
        return { paid: mills(0), due: mills(0) };
      }),
      ...inspectors(rules, log, answering),
    },
    provider: {
      setClock: answering('provider clock', settingOf(rules, providerKeys)),
      refill: answering('refill', ({ request }: { readonly request: Uint8Array }) => {
        const read = readRefillRequest(request);
        if (!read.ok) throw new Error(read.status);
        const changes = rules.answer(read.value);
        return { authorisation: authorisation(request, changes), lockOrder: rules.order };
      }),
      ...withdrawers(rules, answering),
    },
  };
}

/** The certificates of the keys that a meter asks for, later than those that it was made with. */
export function certified({ request }: { readonly request: Uint8Array }) {
  const read = keyRenewalDocument.read(request);
  if (!read.ok) throw new Error(read.status);
  const { deviceKey, indiciumKey, deviceSerial } = read.value;
  return {
    device: certificate('device', deviceKey, { serial: deviceSerial + 1 }),
    indicium: certificate('indicium', indiciumKey, { serial: deviceSerial + 2 }),
  };
}

type Answering = <Request, Response>(
  name: string,
  answer: (request: Request) => Response,
) => (request: Request) => Promise<Response>;

const settingOf =
  (rules: OfficeRules, keys: typeof authorityKeys) =>
  ({
    meterId: id,
    challenge,
  }: {
    readonly meterId: Uint8Array;
    readonly challenge: Uint8Array;
  }) => ({
    setting: issueClockSetting(nodeCrypto, keys, {
      meterId: id,
      challenge,
      timeMs: rules.nowMs,
    }),
  });

function inspectors(rules: OfficeRules, log: LogRecord[], answering: Answering) {
  const challenge = new Uint8Array(16).fill(0xc4);
  let position = EMPTY_LOG;
  return {
    askForReport: answering('askForReport', () => ({ challenge, logCount: position.count })),
    takeReport: answering(
      'takeReport',
      (taken: { readonly report: Uint8Array; readonly log: Uint8Array }) => {
        const report = readInspectionReport(taken.report);
        if (!report.ok) throw new Error(report.status);
        const { logCount, logHead } = report.value;
        const reached = { count: logCount, head: logHead };
        const records = verifyLogExport(nodeCrypto, position, reached, taken.log);
        if (!records.ok) throw new Error(records.status);
        log.push(...records.value);
        position = reached;
        const outcome = rules.accepts ? ('pass' as const) : ('fail' as const);
        const checks = [{ name: 'registers', outcome, text: 'as they are' }];
        const fields = { meterId, challenge, logCount, logHead, timeMs: rules.nowMs };
        return {
          accepted: rules.accepts,
          checks,
          order: rules.order,
          ...(rules.accepts && {
            acknowledgement: issueAcknowledgement(nodeCrypto, authorityKeys, fields),
          }),
        };
      },
    ),
  };
}

function withdrawers(rules: OfficeRules, answering: Answering) {
  return {
    withdraw: answering('withdraw', ({ request }: { readonly request: Uint8Array }) => {
      const read = withdrawalRequestDocument.read(request);
      if (!read.ok) throw new Error(read.status);
      const { registers: _, ...terms } = read.value;
      const fields = { ...terms, verdict: rules.verdict, timeMs: rules.nowMs };
      return {
        authorisation: signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, fields),
        obstacle: rules.verdict === 'refused' ? 'registersContradict' : undefined,
      };
    }),
    proveWithdrawal: answering('proveWithdrawal', ({ report }: { readonly report: Uint8Array }) => {
      const read = withdrawalReportDocument.read(report);
      if (!read.ok) throw new Error(read.status);
      const { postal, certificate } = read.value;
      return { postal, certificate };
    }),
  };
}
