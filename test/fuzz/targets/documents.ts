/** Every signed document, whoever signed it: what is read is written back byte for byte, and nothing else is read. */

import { nodeCrypto } from '#driver/node-crypto';
import type { Crypto } from '#protocol/crypto';
import { batchDocument } from '#protocol/documents/batch';
import { encodeBytecodeBody, readBytecodeBody } from '#protocol/documents/image-body';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { indiciumCore, readIndicium } from '#protocol/documents/indicium';
import {
  ibiLayout,
  ibiLiteLayout,
  readEvidence,
  readIbi,
  readIbiLite,
} from '#protocol/documents/legacy-indicium';
import { priceOf, type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { receiptDocument } from '#protocol/documents/receipt';
import {
  EMPTY_LOG,
  encodeLogRecord,
  LOG_RECORD_SIZE,
  readLogRecord,
  verifyLogExport,
} from '#protocol/documents/security-log';
import { spoilageAnswerDocument, spoilageRequestDocument } from '#protocol/documents/spoilage';
import { valueIssueDocument, valueRequestDocument } from '#protocol/documents/value';
import type { Result } from '#protocol/result';
import { authority } from '#test/support/document-values';
import { samples } from '#test/support/documents';
import { readGolden } from '#test/support/golden';
import { hold, type Target } from '../target.ts';

const SIGNATURE_SIZE = 64;
const SCOPE = ['protocol/documents/', 'protocol/fields.ts', 'node_modules/micro-packed/'];

/** Takes every signature for right: what is judged is what comes behind it. */
const trusting: Crypto = { ...nodeCrypto, verify: () => true };

interface Readable {
  read(bytes: Uint8Array): Result<never>;
  encodeCore?(values: never): Uint8Array;
  issue?(crypto: Crypto, issuer: typeof authority, values: never): Uint8Array;
  sign?(crypto: Crypto, privateKey: Uint8Array, values: never): Uint8Array;
  verify?(crypto: Crypto, key: Uint8Array, bytes: Uint8Array): Result<unknown>;
}

const noSignature: Crypto = { ...nodeCrypto, sign: () => new Uint8Array(SIGNATURE_SIZE) };

/** The bytes of a document but for its signature. */
function coreOf(document: Readable, values: never): Uint8Array {
  if (document.encodeCore !== undefined) return document.encodeCore(values);
  const written =
    document.sign?.(noSignature, authority.privateKey, values) ??
    document.issue?.(noSignature, authority, values);
  if (written === undefined) throw new Error('that is no document');
  return written.subarray(0, -SIGNATURE_SIZE);
}

/** Key ids are those of whom the values name, and who writes them is somebody else here. */
const KEY_ID = { at: 4, size: 8 };

function isWrittenBack(document: Readable, input: Uint8Array, values: never): boolean {
  const core = coreOf(document, values).slice();
  if (document.issue !== undefined)
    core.set(input.subarray(KEY_ID.at, KEY_ID.at + KEY_ID.size), KEY_ID.at);
  return Buffer.compare(core, input.subarray(0, -SIGNATURE_SIZE)) === 0;
}

function documentTarget(
  name: string,
  document: Readable,
  seed: Uint8Array,
  sizeMax: number,
): Target {
  return {
    name: `document ${name}`,
    scope: SCOPE,
    sizeMax,
    share: 1,
    seeds: () => [seed],
    run(input) {
      const before = input.slice();
      const read = document.read(input);
      const verified = document.verify?.(trusting, authority.publicKey, input);
      hold(Buffer.compare(before, input) === 0, 'reading changes nothing');
      if (read.ok) hold(isWrittenBack(document, input, read.value), 'it is written back as it was');
      if (verified?.ok === true) hold(read.ok, 'what is verified can be read');
      if (document === rateTable && read.ok) askPrices(read.value);
    },
  };
}

const rateTable: Readable = rateTableDocument as unknown as Readable;

/** A table that was read has a price, or a refusal, for every piece. */
function askPrices(table: RateTable): void {
  const extras = table.rates
    .filter(({ kind }) => kind === 'extra')
    .map(({ serviceId }) => serviceId);
  for (const { serviceId, minimum, maximum, steps } of table.rates.slice(0, 4))
    for (const weightMg of [0, 1, steps[0]?.weightMaxMg ?? 2, 2 ** 32 - 1])
      for (const zone of [0, 255]) {
        const price = priceOf(table, { serviceId, weightMg, zone, extras });
        if (price.ok)
          hold(
            price.value.minimum >= minimum && price.value.minimum <= price.value.maximum,
            `a price lies between its bounds, ${minimum} to ${maximum} and the extras`,
          );
      }
}

const indicium: Readable = {
  read: (bytes) => readIndicium(bytes) as Result<never>,
  encodeCore: indiciumCore as (values: never) => Uint8Array,
};

const sampled = Object.entries(samples)
  .filter(([name]) => name !== 'indicium')
  .map(([name, sample]) => {
    const size = name === 'image-header' ? IMAGE_HEADER_SIZE : sample.bytes.length;
    return documentTarget(
      name,
      name === 'rate-table' ? rateTable : (sample as unknown as Readable),
      sample.bytes.slice(0, size),
      name === 'rate-table' ? 4_096 : 512,
    );
  });

const ofOffices = (
  [
    ['batch', batchDocument],
    ['receipt', receiptDocument],
    ['spoilage-answer', spoilageAnswerDocument],
    ['spoilage-request', spoilageRequestDocument],
    ['value-issue', valueIssueDocument],
    ['value-request', valueRequestDocument],
  ] as const
).map(([name, document]) =>
  documentTarget(name, document as unknown as Readable, readGolden(name).bytes, 2_048),
);

const evidence: Target = {
  name: 'document of a symbol',
  scope: SCOPE,
  sizeMax: 160,
  share: 1,
  seeds: () => [samples.indicium.bytes, readGolden('ibi').bytes, readGolden('ibi-lite').bytes],
  run(input) {
    const read = readEvidence(input);
    if (!read.ok) return;
    const { format } = read.value;
    const [ibi, lite] = [readIbi(input), readIbiLite(input)];
    hold((format === 'ibi') === ibi.ok, 'no two kinds of evidence are confused');
    hold((format === 'ibiLite') === lite.ok, 'no two kinds of evidence are confused');
    if (ibi.ok) hold(isSame(ibiLayout.encode(ibi.value), input), 'it is written back as it was');
    if (lite.ok)
      hold(isSame(ibiLiteLayout.encode(lite.value), input), 'it is written back as it was');
  },
};

const isSame = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

const bytecode: Target = {
  name: 'bytecode body',
  scope: ['protocol/documents/image-body.ts', 'protocol/fields.ts', 'node_modules/micro-packed/'],
  sizeMax: 512,
  share: 1,
  seeds: () => [
    encodeBytecodeBody({ engine: 'an engine 1.2.3', bytecode: Uint8Array.of(1, 2, 3) }),
  ],
  run(input) {
    const read = readBytecodeBody(input);
    if (read.ok)
      hold(isSame(encodeBytecodeBody(read.value), input), 'it is written back as it was');
  },
};

const log: Target = {
  name: 'security log',
  scope: SCOPE,
  sizeMax: 4 * LOG_RECORD_SIZE,
  share: 1,
  seeds: () => [readGolden('security-log-record').bytes.slice(0, LOG_RECORD_SIZE)],
  run(input) {
    for (let at = 0; at < input.length; at += LOG_RECORD_SIZE) {
      const bytes = input.subarray(at, at + LOG_RECORD_SIZE);
      const record = readLogRecord(bytes);
      if (!record.ok) continue;
      const again = encodeLogRecord(nodeCrypto, EMPTY_LOG.head, record.value);
      hold(isSame(again.subarray(0, 48), bytes.subarray(0, 48)), 'it is written back as it was');
    }
    verifyLogExport(nodeCrypto, EMPTY_LOG, { count: 1, head: input.slice(48, 64) }, input);
  },
};

export const documentTargets: readonly Target[] = [
  documentTarget('indicium', indicium, samples.indicium.bytes, 160),
  ...sampled,
  ...ofOffices,
  evidence,
  bytecode,
  log,
];
