/** What a meter tells of itself: registers, documents, condition, security log (requirements.md A3, A8, A9, B4). */

import type { RequestOf, ResponseOf } from '#protocol/command';
import type { Condition, Registers } from '#protocol/command-layouts';
import { LOG_RECORD_SIZE } from '#protocol/documents/security-log';
import { ok, type Result } from '#protocol/result';
import { conditionOf } from '../condition.ts';
import { type Device, logStateOf, rateTablesOf } from '../device.ts';
import { registersOf } from '../registers.ts';

/** Records in one answer: 15,360 bytes, which one message holds. */
const LOG_RECORDS_MAX = 15_360 / LOG_RECORD_SIZE;

export function registers(device: Device): Result<Registers> {
  return ok(registersOf(device.journal.state, device.documents.licence));
}

export function condition(device: Device): Result<Condition> {
  return ok(conditionOf(device));
}

export function certificates(device: Device): Result<ResponseOf<'certificates'>> {
  const { deviceCertificate, indiciumCertificate } = device.content;
  return ok({ device: deviceCertificate, indicium: indiciumCertificate });
}

export function licence(device: Device): Result<ResponseOf<'licence'>> {
  return ok({ licence: device.content.licence });
}

export function rateTables(device: Device): Result<ResponseOf<'rateTables'>> {
  const { documents, content } = device;
  const isNextInUse =
    documents.nextRateTable !== undefined &&
    rateTablesOf(device).current === documents.nextRateTable;
  if (isNextInUse) return ok({ current: content.nextRateTable, next: new Uint8Array(0) });
  return ok({ current: content.rateTable, next: content.nextRateTable });
}

export function readLog(
  device: Device,
  { from }: RequestOf<'readLog'>,
): Result<ResponseOf<'readLog'>> {
  return ok(device.log.read(logStateOf(device), from, LOG_RECORDS_MAX));
}
