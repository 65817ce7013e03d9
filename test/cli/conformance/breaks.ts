/** One rule broken for each check of the kit: what is changed in the sources of the firmware, by the number of the check. */

import type { Change } from '#test/support/changed-code';

const change = (file: string, from: string, to: string): Change => ({ file, from, to });

const frame = (from: string, to: string): Change => change('protocol/frame.ts', from, to);
const message = (from: string, to: string): Change => change('protocol/message.ts', from, to);
const responder = (from: string, to: string): Change => change('protocol/responder.ts', from, to);
const dispatch = (from: string, to: string): Change => change('protocol/dispatch.ts', from, to);
const handshake = (from: string, to: string): Change => change('protocol/handshake.ts', from, to);
const session = (from: string, to: string): Change => change('firmware/session.ts', from, to);
const powerOn = (from: string, to: string): Change => change('firmware/power-on.ts', from, to);
const registers = (from: string, to: string): Change => change('firmware/registers.ts', from, to);
const service = (name: string, from: string, to: string): Change =>
  change(`firmware/services/${name}.ts`, from, to);

const NO_LIFE_CYCLES = dispatch(
  "if (!command.lifeCycles.includes(situation.lifeCycle)) return refuse('wrongLifeCycle');",
  '',
);
const NO_WALLS = dispatch(
  "if (!command.callers.includes(situation.caller)) return refuse('wrongRole');",
  '',
);
const EVERYBODY_IS_USER = powerOn(
  "caller: device === undefined ? 'nobody' : callerOf(device),\n    fault",
  "caller: 'user',\n    fault",
);

export const breaks: Readonly<Record<number, readonly Change[]>> = {
  101: [
    responder(
      "encodeMessage({ direction: 'response', kind, sequence, payload })",
      "encodeMessage({ direction: 'response', kind, sequence, payload: new Uint8Array(8) })",
    ),
  ],
  102: [
    frame(
      'return crc === crc32(data, bodySize) ? data.subarray(0, bodySize) : undefined;',
      'return data.subarray(0, bodySize);',
    ),
  ],
  103: [frame('rejectBegun();\n        isInFrame = true;', 'isInFrame = true;')],
  104: [
    frame(
      'return crc === crc32(data, bodySize) ? data.subarray(0, bodySize) : undefined;',
      `const inner = data.indexOf(0xaa);
       if (crc === crc32(data, bodySize)) return data.subarray(0, bodySize);
       return inner < 0 ? undefined : decodeBody(data.subarray(inner + 3, bodySize));`,
    ),
  ],
  105: [
    frame(
      'if (length > ENCODED_SIZE_MAX) {',
      "if (length > ENCODED_SIZE_MAX) { throw new RangeError('a long frame');",
    ),
  ],
  106: [
    frame(
      'if (byte !== 0) skippedBytes += 1;',
      "if (byte !== 0 && ++skippedBytes > 500) throw new RangeError('noise');",
    ),
  ],
  107: [
    frame(
      'if (rest.length < 2) return undefined;',
      'if (rest.length < 2) { rejectBegun(); return rest.length; }',
    ),
  ],
  108: [responder("if (request.direction !== 'request') return;", '')],
  109: [message('FRAGMENTS_MAX = Math.ceil(', 'FRAGMENTS_MAX = Math.floor(')],
  110: [
    message('fragment.index === parts.length', 'fragment.index >= parts.length'),
    message(
      'if (parts.length < fragment.count) return;',
      'if (fragment.index < fragment.count - 1) return;',
    ),
  ],
  111: [responder('last === undefined || !isSame(last.request, request)', 'true')],
  112: [responder('equalBytes(left.payload, right.payload)', 'true')],
  113: [responder('      last = undefined;\n', '')],
  114: [
    responder('    sendAll(last.frames);', '    if (request.sequence < 40) sendAll(last.frames);'),
  ],
  121: [registers('credited: state.credited,\n', 'credited: mills(state.credited + 1),\n')],
  122: [change('firmware/version.ts', 'PROTOCOL_VERSION = 2', 'PROTOCOL_VERSION = 3')],
  123: [
    dispatch(
      "encodeRefusal(code, refuse('unknownCommand'), before.state)",
      "encodeRefusal(code, refuse(code === 0x20 ? 'wrongState' : 'unknownCommand'), before.state)",
    ),
  ],
  124: [
    dispatch(
      'bytes.subarray(1), ',
      'bytes.subarray(1, 1 + (commandOf(name).request.size ?? bytes.length)), ',
    ),
  ],
  125: [
    dispatch("if (command.channel === 'sealed' && situation.channel === 'open')", 'if (false)'),
  ],
  126: [
    session(
      'if (session === undefined || session.port !== port) return ended();',
      "if (session === undefined || session.port !== port) return { kind: 'sealed', payload: record };",
    ),
  ],
  127: [handshake('if (version < VERSION_MIN || !isSpoken)', 'if (!isSpoken)')],
  128: [handshake("if (!areShares(shares, offer)) return refuse('malformedRequest');", '')],
  129: [session('return equalBytes(device.content[role].hostKey, hostKey);', 'return true;')],
  130: [
    session(
      "if (pending === undefined) return refuse('authenticationFailed');",
      'if (pending === undefined) return ok({});',
    ),
  ],
  131: [
    service(
      'contact',
      'const { crypto, content, documents, hardware, clockChallenge, journal } = device;',
      `const { crypto, content, documents, hardware, clockChallenge, journal } = device;
       commit(device, 'note', aside(stamped(device), {}), { event: 'clockFault' });`,
    ),
  ],
  132: [service('self-test', 'return ok({ passed: TEST_COUNT });', "return refuse('wrongState');")],
  133: [powerOn('imageVersion: image.version,', 'imageVersion: (cycle.n = (cycle.n ?? 0) + 1),')],
  139: [
    powerOn(
      'fault: fault === undefined ? 0 :',
      'fault: fault === undefined ? (cycle.n = (cycle.n ?? 0) + 1) :',
    ),
  ],
  201: [EVERYBODY_IS_USER],
  202: [
    handshake(
      'equalBytes(read.value.mac, crypto.hmac(confirmKey, challenge, read.value.signature)) &&',
      '',
    ),
  ],
  203: [
    change(
      'protocol/record.ts',
      'if (plaintext === undefined) end();\n      else receiving',
      'if (plaintext !== undefined) receiving',
    ),
    change('protocol/record.ts', '    receiving.rekeyByTime();\n', ''),
    session('if (request === undefined) {\n        end();', 'if (request === undefined) {'),
  ],
  204: [
    session(
      'if (request === undefined) {\n        end();',
      "if (request === undefined) {\n        return { kind: 'open', payload: perform(Uint8Array.of(8)) };",
    ),
  ],
  205: [
    session('session?.records.wipe();\n    session = undefined;', ''),
    session('session = { port, records };', 'session ??= { port, records };'),
  ],
  206: [
    dispatch("if (!command.states.includes(situation.state)) return refuse('wrongState');", ''),
  ],
  207: [
    service(
      'access',
      "if (tries > 0 && wait > 0) return refuse('passwordDelayed', Math.ceil(wait));",
      '',
    ),
  ],
  208: [NO_WALLS],
  209: [NO_WALLS],
  210: [
    service(
      'access',
      "export function logOut(device: Device): Result<ResponseOf<'logOut'>> {\n  dropAccess(device);",
      "export function logOut(device: Device): Result<ResponseOf<'logOut'>> {",
    ),
  ],
  211: [
    service(
      'indicium',
      'if (recorded !== undefined) return repeat(device, request, form, recorded);',
      'if (recorded !== undefined) request.requestId.counter += 1;',
    ),
  ],
  212: [
    service(
      'indicium',
      'equalBytes(recorded.debit.detail.requestDigest, digestOf(device, request, form))',
      'true',
    ),
  ],
  213: [
    service(
      'indicium',
      'provedSigning(crypto, content.indiciumPublicKey).sign(privateKey, core)',
      'crypto.sign(privateKey, core.slice(1))',
    ),
  ],
  214: [
    service(
      'indicium',
      'if (mailingDate < date.value || mailingDate > addDays(date.value, MAILING_DAYS_AHEAD_MAX))',
      'if (mailingDate > addDays(date.value, MAILING_DAYS_AHEAD_MAX))',
    ),
  ],
  215: [
    service(
      'indicium',
      'const indicium = recordedIndicium(device, recorded);',
      'const indicium = recordedIndicium(device, recorded).with(9, 0xee);',
    ),
  ],
  216: [service('indicium', 'flags: { ...NO_FLAGS, test: true }', 'flags: NO_FLAGS')],
  217: [
    service(
      'refill',
      'const read = verifyRefillAuthorisation(crypto, providerKey, bytes);\n  if (!read.ok) return read;',
      `const read = verifyRefillAuthorisation(crypto, providerKey, bytes);
       if (!read.ok) return ok({ isRepeated: true, credited: 0 as Mills, next: journal.state });`,
    ),
  ],
  218: [EVERYBODY_IS_USER],
  229: [
    registers(
      'certificateCredited: state.certificateCredited,\n',
      'certificateCredited: mills(7),\n',
    ),
  ],
  301: [NO_LIFE_CYCLES],
  302: [
    service(
      'making',
      "if (!isFitPassword(userPassword) || !isFitPassword(officerPassword))\n    return refuse('passwordUnfit');",
      '',
    ),
  ],
  303: [
    service(
      'making',
      "if (!equalBytes(signed.value.publicKey, key)) return refuse('keyMismatch');",
      '',
    ),
  ],
  304: [NO_LIFE_CYCLES],
  305: [
    service(
      'making',
      "if (!equalBytes(signed.value.meterId, content.meterId)) return refuse('documentForOtherMeter');",
      '',
    ),
  ],
  306: [
    service(
      'making',
      "return signed.value.version > (newest?.version ?? -1) ? signed : refuse('documentOutdated');",
      'return signed;',
    ),
  ],
  307: [
    registers(
      "if (amount > state.descending) return refuse('insufficientFunds', amount - state.descending);",
      'if (amount > state.descending) return ok({ ...state, ascending });',
    ),
  ],
  308: [
    service(
      'refill',
      'const matched = matchRefill(read.value, pendingRefill(device));',
      'const matched: Result<unknown> = ok(read.value);',
    ),
  ],
  309: [
    service(
      'making',
      'request.rateTable.length > RATE_TABLE_SIZE_MAX',
      'request.rateTable.length > 2000',
    ),
  ],
  321: [service('contact', '  device.inspectionChallenge = undefined;\n', '')],
  322: [
    service('making', "{ event: 'licensed', a: sequence }", "{ event: 'locked', a: sequence }"),
  ],
  323: [
    service(
      'contact',
      "return signed.value.sequence > lockSequence ? signed : refuse('documentOutdated');",
      'return signed;',
    ),
  ],
  324: [
    service(
      'contact',
      "if (timeMs < state.timeMs) return refuse('clockSetBack', state.timeMs - timeMs);",
      '',
    ),
  ],
  325: [
    service(
      'access',
      'saveStore(device, { ...content, user }, { userTries: 0 }, entry);',
      'saveStore(device, content, { userTries: 0 }, entry);',
    ),
  ],
  327: [
    service(
      'withdrawal',
      'withdrawalAuthorisationDocument.verify(crypto, providerKey, request.authorisation)',
      'withdrawalAuthorisationDocument.read(request.authorisation)',
    ),
  ],
  328: [
    dispatch(
      'if (!command.lifeCycles.includes(situation.lifeCycle))',
      "if (!command.lifeCycles.includes(situation.lifeCycle) && situation.lifeCycle !== 'withdrawn')",
    ),
  ],
};
