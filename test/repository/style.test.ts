/** How we write, where the compiler and Biome cannot see it (the rest is in biome.json). */

import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles, repositoryRoot } from '#tools/sources';

const files = repositoryFiles();
const sources = files.filter((file) => file.endsWith('.ts'));
const texts = files.filter((file) => /\.(?:ts|cjs|js|json|md|yml|sh|txt|run)$|\/run$/.test(file));

/** `file:line: text` of every line that a pattern meets. */
function linesWith(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) =>
    readRepositoryFile(file)
      .split('\n')
      .map((line, index) => ({ line, where: `${file}:${index + 1}` }))
      .filter(({ line }) => pattern.test(line))
      .map(({ line, where }) => `${where}: ${line.trim()}`),
  );
}

test('every source says on top in a sentence what it is', () => {
  const silent = sources.filter((file) => {
    const text = readRepositoryFile(file).replace(/^#!.*\n/, '');
    return !/^\/\*\*(?:\n \*)? \S+ \S+ \S+/.test(text);
  });

  expect(silent).toEqual([]);
});

test('files are named in kebab-case after the one thing in them', () => {
  const misnamed = sources.filter(
    (file) =>
      !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|(?:\.lanes|\.mutation)?\.config|\.d)?\.ts$/.test(
        basename(file),
      ),
  );
  const shapeless = sources.filter((file) =>
    /^(?:utils?|helpers?|misc|common|types|constants)\.ts$/.test(basename(file)),
  );

  expect(misnamed).toEqual([]);
  expect(shapeless).toEqual([]);
});

const everywhere = sources;
const pure = sources.filter((file) => /^(?:protocol|hw|firmware)\//.test(file));
const tests = sources.filter((file) => file.startsWith('test/'));

describe('no line', () => {
  test.each<[string, RegExp, readonly string[]]>([
    ['is left for later', /\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/, everywhere],
    ['silences the compiler', /@ts-(?:ignor[e]|expect-erro[r]|nochec[k])/, everywhere],
    ['silences the linter without saying why', /biome-ignor[e] [^:]*(?::\s*)?$/, everywhere],
    ['casts through any', /\bas an[y]\b/, everywhere],
    [
      'waits in the image or the protocol',
      /\basync\b(?! )|\bawait [a-z]|\basync (?:function|\()/,
      pure,
    ],
    ['leaves a test out', /\b(?:test|it|describe)\.(?:only|skip|todo)\b/, tests],
    ['mocks our own code', /\bvi\.(?:mock|spyOn|stubGlobal)\b/, tests],
    ['sleeps in a test', /timers\/promises|\bsetTimeout\(\s*(?:resolve|done)/, tests],
  ])('%s', (_, pattern, among) => {
    expect(linesWith(pattern, among)).toEqual([]);
  });
});

test('nothing names the machine it was written on', () => {
  const parent = `${dirname(repositoryRoot.slice(0, -1))}/`.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const homes = parent === '/' ? '/home/[a-z]' : `/home/[a-z]|${parent}`;

  expect(
    linesWith(
      new RegExp(homes),
      texts.filter((file) => file !== 'package-lock.json'),
    ),
  ).toEqual([]);
});

test('nothing names a package registry', () => {
  expect(linesWith(/https?:\/\/(?:registry|deb|security)\./, texts)).toEqual([]);
});
