/** Keys of a meter against OpenSSL (requirements.md D3, D6, D7): what it signs, wraps and issues, and what it is given to open. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeKeyBundle } from '#driver/evidence/key-file/pkcs12';
import { encodeEncryptedKey } from '#driver/evidence/key-file/pkcs8';
import { fileKeyOf } from '#driver/evidence/key-file/password';
import { encodeEnvelope, encryptContent, readEnvelope } from '#driver/evidence/cms/enveloped-data';
import { signDetached } from '#driver/evidence/sign';
import { decryptBy } from '#driver/evidence/encrypt';
import { issueToReceiver } from '#driver/evidence/agent';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { sha256 } from '#driver/evidence/digest';
import type { Meter } from '#driver/meter';
import { ascii } from '#protocol/bytes';
import { oids } from '#protocol/der';
import { formatMeterId } from '#protocol/documents/meter-id';
import { keyUsesOf } from '#protocol/documents/user-key';
import { distinguishedName } from '#protocol/x509';
import { meterId, meterWith, type TestMeter } from '#test/support/meter';
import { type OpenSsl, openSslIn } from '#test/support/openssl';
import {
  agentRequest,
  keyFor,
  type keyNumbers,
  keyNumbers as numbers,
  NONE,
  ORGANIZATION,
  securityFlash,
} from '#test/support/security-services';
import { transaction } from '#test/support/user-keys';
import { below, type Certified, certifyAs, privateKeyInfo, rootOf, type Wanted } from '#test/support/x509-authority';
