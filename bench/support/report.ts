/** Prints measurements: a table for people, then one line of JSON; only the line with `--json`. */

import type { Measurement } from './compare.ts';

/** The JSON line that a benchmark ends with. */
export function jsonLine(script: string, measurements: readonly Measurement[]): string {
  return JSON.stringify({ script, measurements: measurements.map(rounded) });
}

function rounded({ name, baseline, ...figures }: Measurement): Record<string, unknown> {
  const rows = Object.entries(figures).map(([key, value]) => [key, Number(value.toPrecision(4))]);
  return { name, ...(baseline === undefined ? {} : { baseline }), ...Object.fromEntries(rows) };
}

const rate = (perSecond: number): string =>
  perSecond < 100 ? perSecond.toPrecision(3) : Math.round(perSecond).toLocaleString('en-US');

function latency({ latencyMedianMs, latencyP99Ms }: Measurement): readonly string[] {
  if (latencyMedianMs === undefined) return [];
  return [
    `each ${latencyMedianMs.toPrecision(3)} ms, 99 of 100 within ${latencyP99Ms?.toPrecision(3)} ms`,
  ];
}

/** The table, one line for each measurement. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map((measurement) => {
    const { name, perSecond, baseline, ratio, ratioMin, ratioMax } = measurement;
    const share =
      ratio === undefined
        ? []
        : [
            `${ratio.toPrecision(3)} of ${baseline} (${ratioMin?.toPrecision(3)} to ${ratioMax?.toPrecision(3)})`,
          ];
    return [name, `${rate(perSecond)} /s`, [...share, ...latency(measurement)].join('; ')];
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(([name = '', speed = '', ratio = '']) =>
      `${name.padEnd(widths[0] ?? 0)}  ${speed.padStart(widths[1] ?? 0)}  ${ratio}`.trimEnd(),
    )
    .join('\n');
}

/** Prints what a benchmark found, as the command line asks for it. */
export function report(script: string, measurements: readonly Measurement[]): void {
  if (!process.argv.includes('--json')) process.stdout.write(`${table(measurements)}\n`);
  process.stdout.write(`${jsonLine(script, measurements)}\n`);
}
