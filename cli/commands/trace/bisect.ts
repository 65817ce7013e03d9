/** `tessera trace bisect`: the first step in which images or processors part from what was recorded. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CpuName, createCpu } from '#emulator/cpu/cpus';
import { loadImage, readImage } from '#emulator/image-file';
import {
  type Candidate,
  type CandidateVerdict,
  compareCandidates,
  searchBuilds,
} from '#emulator/trace/bisect';
import type { Trace } from '#emulator/trace/event';
import { IMAGE_HEADER_SIZE, imageHeaderDocument } from '#protocol/documents/image-header';
import { UsageError } from '../../failure.ts';
import type { Output } from '../../output.ts';
import { divergenceFigures, divergenceText } from './divergence.ts';
import { readTrace } from './read-trace.ts';

export interface BisectOptions {
  readonly image: readonly string[];
  readonly cpu?: readonly CpuName[];
  readonly partial?: boolean;
}

export async function bisect(
  file: string,
  { image, cpu = ['node-vm'], partial }: BisectOptions,
  output: Output,
): Promise<number> {
  const paths = image.flatMap(imagesAt);
  const trace = readTrace(file, partial === true, output);
  const candidates = candidatesOf(paths, cpu);
  const [left, right] = candidates;
  if (left === undefined || right === undefined || (paths.length > 1 && cpu.length > 1))
    throw new UsageError('Give two images or more, or two processors.');
  return candidates.length === 2
    ? compareTwo(trace, left, right, output)
    : search(trace, candidates, output);
}

function candidatesOf(paths: readonly string[], cpus: readonly CpuName[]): readonly Candidate[] {
  const images = paths.map((path) => ({ path, image: readImage(path) }));
  if (images.length === 0) images.push({ path: 'the image of this program', image: loadImage() });
  const versionOf = (image: Uint8Array): number => {
    const header = imageHeaderDocument.read(image.subarray(0, IMAGE_HEADER_SIZE));
    return header.ok ? header.value.imageVersion : 0;
  };
  const ordered = images.length <= 2 ? images : images.toSorted(byVersion);
  function byVersion(before: (typeof images)[number], after: (typeof images)[number]): number {
    const difference = versionOf(before.image.image) - versionOf(after.image.image);
    return difference || before.path.localeCompare(after.path, 'en', { numeric: true });
  }
  return ordered.flatMap(({ path, image }) =>
    cpus.map((name) => ({ name: `${path} on ${name}`, cpu: createCpu(name), image })),
  );
}

/** The images that a path stands for: itself, or those in a folder of builds. */
function imagesAt(path: string): readonly string[] {
  if (!statSync(path).isDirectory() || existsSync(join(path, 'firmware.img'))) return [path];
  const inside = readdirSync(path)
    .map((name) => join(path, name))
    .filter((inner) =>
      statSync(inner).isDirectory()
        ? existsSync(join(inner, 'firmware.img'))
        : readFileSync(inner).subarray(0, 4).toString('latin1') === 'TSRI',
    );
  if (inside.length === 0) throw new UsageError(`There is no image in ${path}.`);
  return inside;
}

function compareTwo(trace: Trace, left: Candidate, right: Candidate, output: Output): number {
  const { verdicts, first, relation } = compareCandidates(trace, left, right);
  for (const verdict of verdicts) tellVerdict(verdict, output);
  if (first === undefined) {
    output.say('compared', { relation }, 'both do what was recorded');
    return 0;
  }
  const ends = {
    same: '',
    different: '',
    unknown: '\n  both do the same there; what they do after it no trace tells',
  };
  output.say(
    'compared',
    { relation, candidate: first.name, ...divergenceFigures(trace, first) },
    `${first.name}: ${divergenceText(trace, first)}${ends[relation]}`,
  );
  return 1;
}

function search(trace: Trace, builds: readonly Candidate[], output: Output): number {
  const { lastGood, firstBad, tried } = searchBuilds(trace, builds);
  for (const verdict of tried) tellVerdict(verdict, output);
  const figures = { builds: builds.length, replays: tried.length, lastGood };
  if (firstBad?.divergence === undefined) {
    output.say('searched', figures, `the newest of ${builds.length} builds does what was recorded`);
    return 0;
  }
  const { name, divergence } = firstBad;
  const before =
    lastGood === undefined ? 'none before it is right' : `the last right one is ${lastGood}`;
  output.say(
    'searched',
    { ...figures, firstBad: name, ...divergenceFigures(trace, divergence) },
    `the first wrong build of ${builds.length} is ${name}; ${before}\n  ${divergenceText(trace, divergence)}`,
  );
  return 1;
}

function tellVerdict({ name, mode, steps, divergence }: CandidateVerdict, output: Output): void {
  const figures = { candidate: name, mode, steps, divergesIn: divergence?.step };
  const text =
    divergence === undefined ? 'does what was recorded' : `diverges in step ${divergence.step}`;
  output.say('candidate', figures, `${name}: ${text}`);
}
