/** `tessera trace replay`: a recorded meter once more. */

import { type CpuName, createCpu } from '#emulator/cpu/cpus';
import { type ImageFile, loadImage, readImage } from '#emulator/image-file';
import { verdictOn } from '#emulator/trace/bisect';
import type { Output } from '../../output.ts';
import { divergenceFigures, divergenceText } from './divergence.ts';
import { readTrace } from './read-trace.ts';

export interface ReplayOptions {
  readonly image?: string;
  readonly cpu: CpuName;
  readonly partial?: boolean;
}

export async function replay(
  file: string,
  { image, cpu: cpuName, partial }: ReplayOptions,
  output: Output,
): Promise<number> {
  const trace = readTrace(file, partial === true, output);
  const cpu = createCpu(cpuName);
  const name = `${image ?? 'the image of this program'} on ${cpuName}`;
  const verdict = verdictOn(trace, { name, cpu, image: imageAt(image) });
  const { steps, mode, divergence } = verdict;
  if (divergence === undefined) {
    const what = mode === 'calls' ? 'every call the same' : 'every effect the same';
    output.say('replayed', { steps, mode, cpu: cpuName }, `${name}: ${steps} steps, ${what}`);
    return 0;
  }
  output.say(
    'diverged',
    { mode, cpu: cpuName, ...divergenceFigures(trace, divergence) },
    `${name}: ${divergenceText(trace, divergence)}`,
  );
  return 1;
}

const imageAt = (path: string | undefined): ImageFile =>
  path === undefined ? loadImage() : readImage(path);
