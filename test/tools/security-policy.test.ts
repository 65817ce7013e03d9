/** The security policy is that of the code: each command, key, label, algorithm and self-test is in it, and nothing else. */

import { expect, test } from 'vitest';
import { knownAnswers } from '#firmware/known-answers';
import { softwareCrypto } from '#firmware/software-crypto';
import { commandNames, commandOf } from '#protocol/command';
import { encodeRefusal, encodeSuccess } from '#protocol/dispatch';
import { refuse } from '#protocol/result';
import { stateNames } from '#protocol/state';
import { statuses } from '#protocol/status';
import { statusEntry } from '#protocol/status-text';
import {
  dataServicesIn,
  interfacesOf,
  putsDataOut,
  statusServices,
} from '#tools/policy/interfaces';
import { otherStoreFields, parameterNames, parameterOf } from '#tools/policy/parameters';
import { rangesOf, resultClassOf, resultRanges, statusNames } from '#tools/policy/results';
import { algorithmTests, selfTests } from '#tools/policy/self-tests';
import { accessOf, destroys, destructionTests } from '#tools/policy/services';
import { absentTests, testReference } from '#tools/requirements';
import { keyHierarchy, servicesThat } from '#tools/security-policy';
import { readRepositoryFile, repositoryFiles } from '#tools/sources';

const image = repositoryFiles()
  .filter((file) => /^(?:firmware|protocol)\/.*\.ts$/.test(file))
  .map(readRepositoryFile)
  .join('\n');

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found as string);

const claimed = parameterNames.flatMap((name) => parameterOf(name).code);

test('every label under which the code derives or seals a key is that of a parameter', () => {
  const labels = [
    ...matches(image, /\bderive\('([^']+)'\)/g),
    ...matches(image, /\bBY_[A-Z]+ = '([^']+)'/g),
    ...matches(image, /_KEY_LABEL = '([^']+)'/g),
    ...matches(image, /wrapLabel = [^`\n]*`([^`$]+)\$/g),
  ];

  expect(labels.length).toBe(4 + 6 + 2 + 2 + 1);
  expect(labels.filter((label) => !claimed.includes(label))).toEqual([]);
});

test('every field of the store is one of a parameter, or said to be none', () => {
  const layout = /contentLayout = P\.struct\(\{([\s\S]*?)\}\);/.exec(image)?.[1] as string;
  const fields = matches(layout, /^ {2}(\w+):/gm);

  expect(fields.length).toBe(22);
  expect(fields.filter((field) => ![...claimed, ...otherStoreFields].includes(field))).toEqual([]);
});

test('what the policy says that the code calls a parameter, the code does', () => {
  const written = (name: string) =>
    ["'", '`', '  '].some((before) => image.includes(before + name));
  const strange = claimed.filter((name) => !written(name));

  expect(strange).toEqual([]);
});

test('whatever lies in flash or is derived stands under something, and nothing under itself', () => {
  const roots = parameterNames.filter((name) => parameterOf(name).under.length === 0);
  const unprotected = roots.filter((name) => parameterOf(name).place === 'flash');
  const descends = (name: string, from: string): boolean =>
    parameterOf(name as (typeof parameterNames)[number]).under.some(
      (parent) => parent === from || descends(parent, from),
    );

  expect(unprotected).toEqual([]);
  expect(parameterNames.filter((name) => descends(name, name))).toEqual([]);
});

test('every secret in flash is under the device secret, and one of a role under its password too', () => {
  const roots = (name: string): string[] => {
    const { under } = parameterOf(name as (typeof parameterNames)[number]);
    return under.length === 0 ? [name] : under.flatMap(roots);
  };

  expect(new Set(roots('deviceKey'))).toEqual(new Set(['deviceSecret']));
  expect(new Set(roots('indiciumKey'))).toEqual(new Set(['deviceSecret', 'password']));
  expect(keyHierarchy()).toContain('    vaultKey --> indiciumKey');
});

test('no service reads a secret out', () => {
  const secrets = parameterNames.filter((name) => parameterOf(name).kind === 'critical');

  expect(secrets.flatMap((name) => servicesThat('R', name))).toEqual([]);
  expect(servicesThat('R', 'ownPublicKeys')).toContain('certificates'); // so that the table is not empty
});

test('access is told by its letters, each once', () => {
  const strange = commandNames.flatMap((name) =>
    Object.entries(accessOf(name))
      .filter(
        ([, letters]) => !/^[GWREZ]+$/.test(letters) || new Set(letters).size !== letters.length,
      )
      .map(([parameter, letters]) => `${name}: ${parameter} ${letters}`),
  );

  expect(strange).toEqual([]);
});

test('every parameter is used by some service, or at power-up only', () => {
  const unused = parameterNames.filter((name) =>
    commandNames.every((command) => accessOf(command)[name] === undefined),
  );

  expect(unused).toEqual(['deviceSecret', 'entropyInput']);
});

test('nobody who is not logged in gets at a key of a role', () => {
  const roleKeys = ['vaultKey', 'indiciumKey'] as const;
  const forNobody = roleKeys.flatMap((key) =>
    servicesThat('E', key).filter((name) => commandOf(name).callers.includes('nobody')),
  );

  expect([...new Set(forNobody)].toSorted()).toEqual(['initialize', 'logIn']);
});

test('each service that destroys a parameter is tested for it by name', () => {
  const destroying = commandNames.filter(destroys);
  const references = Object.values(destructionTests).flatMap((tests) => tests.map(testReference));

  expect(destroying).toContain('zeroize');
  expect(Object.keys(destructionTests).toSorted()).toEqual(destroying.toSorted());
  expect(absentTests(references)).toEqual([]);
});

test('every algorithm that the image uses is one with a known answer', () => {
  const algorithms = Object.keys(softwareCrypto((size) => new Uint8Array(size)));
  const named: readonly string[] = Object.values(algorithmTests).flat();
  const answers = knownAnswers.map(({ name }) => name);

  expect(Object.keys(algorithmTests).toSorted()).toEqual(algorithms.toSorted());
  expect([...new Set(named)].toSorted()).toEqual(answers.toSorted());
});

test('every fault of a self-test is in the table of self-tests', () => {
  const thrown = new Set(
    matches(image, /(?:new Fault\(|invariant\([^;]*?, )'(\w+)'/g).filter(
      (name) => name !== 'internalFault',
    ),
  );
  const told = new Set<string>(selfTests.map(({ fault }) => fault));

  expect([...thrown].filter((name) => !told.has(name) && name !== 'tampered')).toEqual([]);
  expect([...told].filter((name) => !thrown.has(name))).toEqual([
    'authenticationFailed',
    'imageDamaged',
  ]);
});

test('every answer carries status and state, which are the indicator of its service', () => {
  for (const name of commandNames)
    for (const [index, state] of stateNames.entries()) {
      const refusal = encodeRefusal(commandOf(name).code, refuse('wrongState'), state);

      expect([...refusal.subarray(0, 4)]).toEqual([commandOf(name).code, 0x01, 0x02, index]);
    }
  const [code, low, high, state] = encodeSuccess('logOut', {}, 'uninitialized');
  expect([code, low, high, state]).toEqual([
    commandOf('logOut').code,
    statuses.ok.code,
    0,
    stateNames.indexOf('uninitialized'),
  ]);
});

test('data goes out in the states only that the policy opens for it', () => {
  for (const state of stateNames)
    expect([state, dataServicesIn(state).length > 0]).toEqual([state, interfacesOf[state].dataOut]);
});

test('requests are heard in the states only that the policy opens for them', () => {
  for (const state of stateNames) {
    const heard = commandNames.filter((name) => commandOf(name).states.includes(state));

    expect([state, heard.length > 0]).toEqual([state, interfacesOf[state].controlIn]);
  }
});

test('loading, key entry by password, zeroization and self-tests put no data out', () => {
  const silent = commandNames.filter((name) => !putsDataOut(name));

  expect(silent).toEqual(
    expect.arrayContaining([
      ...statusServices,
      'logIn',
      'installCertificates',
      'register',
      'installRateTable',
      'changePassword',
      'resetUserPassword',
      'withdrawalCommit',
      'zeroize',
    ]),
  );
});

test('every status is in one range, every range has some, and the ranges do not overlap', () => {
  const places = statusNames.map((name) => [name, rangesOf(statuses[name].code).length] as const);

  expect(places.filter(([, ranges]) => ranges !== 1)).toEqual([]);
  for (const range of resultRanges)
    expect(statusNames.some((name) => rangesOf(statuses[name].code).includes(range))).toBe(true);
});

test('what is soft or hard is a fault, and the advice of the catalogue says the same', () => {
  for (const name of statusNames) {
    const { code, advice } = statusEntry(name);
    const kind = resultClassOf(name);
    const isFault = kind === 'soft' || kind === 'hard';

    expect([name, isFault]).toEqual([name, rangesOf(code)[0]?.isFault]);
    if (isFault) expect([name, advice]).toEqual([name, kind === 'soft' ? 'act' : 'final']);
  }
});
