/** Status, version, registers, certificates, status report (requirements.md A3, A9; FIPS 140-3: show status, show version). */

import type { Registers, RequestOf, ResponseOf } from '#protocol/command';
import { signStatusReport } from '#protocol/documents/status-report';
import { ok, type Result } from '#protocol/result';
import { type Device, descendingMaxOf, nowMs } from '../device.ts';
import { registersOf } from '../registers.ts';
import { DEVICE_KEY_LABEL, withPrivateKey } from '../vault.ts';

export function registers(device: Device): Result<Registers> {
  return ok(registersOf(device.journal.state, descendingMaxOf(device)));
}

export function certificates(device: Device): Result<ResponseOf<'certificates'>> {
  const { deviceCertificate, indiciumCertificate } = device.content;
  return ok({ device: deviceCertificate, indicium: indiciumCertificate });
}

export function statusReport(
  device: Device,
  { challenge }: RequestOf<'statusReport'>,
): Result<ResponseOf<'statusReport'>> {
  const { crypto, keys, content, journal, image, states } = device;
  const fields = {
    meterId: content.meterId,
    challenge,
    timeMs: nowMs(device),
    state: states.current,
    lifeCycle: journal.state.lifeCycle,
    fault: 0,
    imageVersion: image.version,
    imageDigest: image.digest,
    registers: registersOf(journal.state, descendingMaxOf(device)),
    journalSequence: journal.state.sequence,
    auditHead: journal.state.auditHead,
  };
  const report = withPrivateKey(
    crypto,
    keys.deviceSeal,
    DEVICE_KEY_LABEL,
    content.sealedDeviceKey,
    (privateKey) => signStatusReport(crypto, privateKey, fields),
  );
  return ok({ report });
}
