/** Deliberate bugs about money, each as one change of one source, and the tests that must find it (`npm run mutants`). */

export interface Mutant {
  /** What is wrong with it, as a person would say it. */
  readonly bug: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Where it must be found: files or folders of tests, from the root. */
  readonly tests: readonly string[];
}

const indicium = ['test/firmware/services/indicium', 'test/firmware/services/pieces'];
const journal = ['test/firmware/journal'];
const refill = ['test/firmware/services/refill'];
const services = ['test/firmware/services'];

export const moneyBugs: readonly Mutant[] = [
  {
    bug: 'the answer leaves before anything is on record',
    file: 'firmware/services/indicium.ts',
    find: '  chargeFor(device, next.value);\n  const onRecord = device.journal.find(counter, nonce); // what is signed is what the flash gives back\n  invariant(onRecord !== undefined && onRecord.debit.pieceCount === next.value.pieceCount);\n  return ok(form.give({ debit: onRecord.debit, signature: undefined }));',
    replace:
      '  const debit = { ...device.journal.state, ...next.value };\n  const early = ok(form.give({ debit, signature: undefined }));\n  chargeFor(device, next.value);\n  return early;',
    tests: indicium,
  },
  {
    bug: 'a debit does not look at the control sum',
    file: 'firmware/registers.ts',
    find: '  checkConsistent(state);\n  const { postage } = detail;',
    replace: '  const { postage } = detail;',
    tests: ['test/firmware/registers'],
  },
  {
    bug: 'the last mill may be overdrawn',
    file: 'firmware/registers.ts',
    find: '  if (amount > state.descending) return',
    replace: '  if (amount > state.descending + 1) return',
    tests: ['test/firmware/registers', ...indicium],
  },
  {
    bug: 'the nonce of a refill is not compared',
    file: 'protocol/documents/refill.ts',
    find: '    equalBytes(authorisation.nonce, pending.nonce) &&\n',
    replace: '',
    tests: refill,
  },
  {
    bug: 'the sequence of a refill is not compared',
    file: 'protocol/documents/refill.ts',
    find: '    authorisation.sequence === pending.sequence &&\n',
    replace: '',
    tests: refill,
  },
  {
    bug: 'the control sum of a refill is not compared',
    file: 'protocol/documents/refill.ts',
    find: '    isSumRight(authorisation, pending);',
    replace: '    true;',
    tests: refill,
  },
  {
    bug: 'a refill of another account is taken',
    file: 'protocol/documents/refill.ts',
    find: '    authorisation.account === pending.account &&\n',
    replace: '',
    tests: refill,
  },
  {
    bug: 'the signature of an authorisation is not checked',
    file: 'firmware/services/refill.ts',
    find: '  const read = verifyRefillAuthorisation(crypto, providerKey, bytes);',
    replace:
      '  const read = verifyRefillAuthorisation({ ...crypto, verify: () => true }, providerKey, bytes);',
    tests: refill,
  },
  {
    bug: 'the pending refill is forgotten: the same authorisation credits again',
    file: 'firmware/registers.ts',
    find: '  return { ...credit(state, authorised), refillPending: mills(0), detail: NO_DETAIL };',
    replace: '  return { ...credit(state, authorised), detail: NO_DETAIL };',
    tests: refill,
  },
  {
    bug: 'the maximum is one mill too high',
    file: 'firmware/registers.ts',
    find: '  return amount > fits ?',
    replace: '  return amount > fits + 1 ?',
    tests: ['test/firmware/registers', ...refill],
  },
  {
    bug: 'spoilage that came back earlier is not counted',
    file: 'firmware/registers.ts',
    find: '  return Math.max(0, spoilageMax(ascending, terms.spoilageCap) - spoilageCredited);',
    replace:
      '  return Math.max(0, spoilageMax(ascending, terms.spoilageCap) - 0 * spoilageCredited);',
    tests: ['test/firmware/registers', ...refill],
  },
  {
    bug: 'spoilage is not written to its register',
    file: 'firmware/registers.ts',
    find: '        spoilageCredited: plus(state.spoilageCredited, amount),\n',
    replace: '',
    tests: ['test/firmware/registers', ...refill],
  },
  {
    bug: 'a refill of the certificate account goes to postage',
    file: 'firmware/registers.ts',
    find: "      if (state.refillAccount === 'postal')",
    replace: "      if (state.refillAccount !== 'x')",
    tests: ['test/firmware/registers', ...refill],
  },
  {
    bug: 'what is found at power-up is not pinned',
    file: 'firmware/bring-up.ts',
    find: '  device.journal.pin();\n',
    replace: '',
    tests: ['test/firmware/services/report', 'test/cuts/harness'],
  },
  {
    bug: 'no slot is skipped at power-up',
    file: 'firmware/journal-ring.ts',
    find: '  return { sector, index: used + 2 };',
    replace: '  return { sector, index: used + 1 };',
    tests: journal,
  },
  {
    bug: 'the pin has the next number and not the one behind it',
    file: 'firmware/journal.ts',
    find: "write('pin', pinned, 2);",
    replace: "write('pin', pinned, 1);",
    tests: journal,
  },
  {
    bug: 'a record counts without its tag',
    file: 'firmware/journal-ring.ts',
    find: '  if (!equalBytes(tagOf(ring, body), bytes.subarray(RECORD_BODY_SIZE))) return undefined;\n',
    replace: '',
    tests: journal,
  },
  {
    bug: 'a record is not read back',
    file: 'firmware/journal-ring.ts',
    find: '        if (isWhole) return { ...claimOf(record), offset };',
    replace: '        if (isWhole || readBack.length > 0) return { ...claimOf(record), offset };',
    tests: journal,
  },
  {
    bug: 'the sector with the newest state may be erased',
    file: 'firmware/journal-ring.ts',
    find: "      if (next === protectedSector) throw new Fault('flashFailed'); // all others failed\n",
    replace: '',
    tests: journal,
  },
  {
    bug: 'what a pin passed over is found by its request id',
    file: 'firmware/journal-index.ts',
    find: 'isPassedOver(slot) || isOfNoPiece(slot) || isDenied(slot);',
    replace: 'isDenied(slot);',
    tests: journal,
  },
  {
    bug: 'a repeated request id gives what it gave, whatever is asked',
    file: 'firmware/services/indicium.ts',
    find: '    equalBytes(recorded.debit.detail.requestDigest, digestOf(device, request, form))\n',
    replace: '    digestOf(device, request, form).length > 0\n',
    tests: indicium,
  },
  {
    bug: 'a request id that was forgotten is charged again',
    file: 'firmware/registers.ts',
    find: "  if (id.counter <= last) return refuse('requestForgotten');\n",
    replace: '',
    tests: ['test/firmware/registers', ...indicium],
  },
  {
    bug: 'a try of a password is counted after it was judged',
    file: 'firmware/services/access.ts',
    find: "  commit(device, 'passwordTry', aside(stamped(device), { [counter]: allowed.value + 1 }));\n  invariant(journal.state[counter] === tries + 1);\n  const vaultKey = openVault(crypto, keys, role, content[role], password);\n",
    replace:
      "  const vaultKey = openVault(crypto, keys, role, content[role], password);\n  if (vaultKey === undefined) commit(device, 'passwordTry', aside(stamped(device), { [counter]: tries + 1 }));\n",
    tests: ['test/firmware/services/access'],
  },
  {
    bug: 'a withdrawal leaves the descending register as it was',
    file: 'firmware/registers.ts',
    find: '    descending: mills(0),\n    withdrawn: plus(state.withdrawn, state.descending),',
    replace: '    withdrawn: state.withdrawn,',
    tests: ['test/firmware/registers', ...services],
  },
  {
    bug: 'a withdrawal of other amounts is agreed to',
    file: 'protocol/documents/withdrawal.ts',
    find: '    authorisation.postal === asked.postal &&\n    authorisation.certificate === asked.certificate;',
    replace: '    true;',
    tests: services,
  },
  {
    bug: 'keys outlive a withdrawal',
    file: 'firmware/services/withdrawal.ts',
    find: '  store.clearOther(journal.state.storeGeneration);\n',
    replace: '',
    tests: services,
  },
  {
    bug: 'a piece may be redated twice',
    file: 'firmware/services/indicium.ts',
    find: "  if (journal.isRedated(original)) return refuse('redatedAlready');\n",
    replace: '',
    tests: indicium,
  },
  {
    bug: 'a locked meter produces value',
    file: 'firmware/services/indicium.ts',
    find: '  if (!unlocked.ok) return unlocked;\n',
    replace: '',
    tests: services,
  },
  {
    bug: 'an overdue inspection does not lock',
    file: 'firmware/condition.ts',
    find: '    inspectionOverdue: lockMs > 0 && time >= lockMs,',
    replace: '    inspectionOverdue: lockMs < 0 && time >= lockMs,',
    tests: services,
  },
  {
    bug: 'an old lock order unlocks again',
    file: 'firmware/services/contact.ts',
    find: "    return signed.value.sequence > lockSequence ? signed : refuse('documentOutdated');\n",
    replace:
      "    return signed.value.sequence > lockSequence - 1_000_000 ? signed : refuse('documentOutdated');\n",
    tests: services,
  },
  {
    bug: 'an acknowledgement frees records that the authority does not have',
    file: 'firmware/services/contact.ts',
    find: "  if (!hasReached(device, logCount, read.value.logHead)) return refuse('documentMismatch');\n",
    replace: '',
    tests: services,
  },
  {
    bug: 'the clock may be set back before the last record',
    file: 'firmware/services/contact.ts',
    find: "  if (timeMs < state.timeMs) return refuse('clockSetBack', state.timeMs - timeMs);\n",
    replace: '',
    tests: services,
  },
  {
    bug: 'a clock that went back is believed',
    file: 'firmware/secure-clock.ts',
    find: 'anchor.timeMs === 0 || timeMs < lastMs() || !isInStep(timeMs)',
    replace: 'anchor.timeMs === 0 || !isInStep(timeMs)',
    tests: ['test/firmware/secure-clock', ...services],
  },
  {
    bug: 'records of the security log are overwritten before the authority has them',
    file: 'firmware/security-log.ts',
    find: '    return last === 0 || last < acknowledged;',
    replace: '    return last === 0 || last < acknowledged + 1_000_000;',
    tests: ['test/firmware/security-log', ...services],
  },
  {
    bug: 'the limit of a day is not looked at',
    file: 'firmware/registers.ts',
    find: "  if (isOver) return refuse('dayLimitReached', DAY_MS - (timeMs % DAY_MS));\n",
    replace: '',
    tests: ['test/firmware/registers', ...indicium],
  },
  {
    bug: 'a current account has no limit',
    file: 'firmware/registers.ts',
    find: '    if (unsettled > terms.descendingMax)',
    replace: '    if (unsettled > terms.descendingMax * 1000)',
    tests: ['test/firmware/registers', ...services],
  },
  {
    bug: 'any price passes for the rate',
    file: 'firmware/services/indicium.ts',
    find: "  if (minimum === maximum && postage !== minimum) return refuse('postageNotRate', minimum);\n",
    replace: '',
    tests: indicium,
  },
  {
    bug: 'the store is named before it is written',
    file: 'firmware/device.ts',
    find: "  const storeGeneration = device.store.save(content, before.storeGeneration);\n  commit(device, 'store', aside(before, { ...changes, storeGeneration }), entry);\n",
    replace:
      "  const storeGeneration = before.storeGeneration + 1;\n  commit(device, 'store', aside(before, { ...changes, storeGeneration }), entry);\n  device.store.save(content, before.storeGeneration);\n",
    tests: ['test/firmware/making', 'test/firmware/damage', 'test/firmware/store'],
  },
  {
    bug: 'the provider pays a repeated refill again',
    file: 'provider/refill.ts',
    find: '  if (answered !== undefined) return repeat(context, trx, answered.authorisation, request);\n',
    replace: '',
    tests: ['test/provider'],
  },
  {
    bug: 'the driver asks for a new piece where an old one is unfinished',
    file: 'driver/issue.ts',
    find: '    if (mine?.indicium !== undefined) return mine.indicium;\n',
    replace: '',
    tests: ['test/driver'],
  },
];
