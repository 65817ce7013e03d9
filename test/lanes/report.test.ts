/** Reports as PDF, read by a reader that is not ours (requirements.md F7). */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '#driver/reports/report';
import { reportPdf } from '#driver/reports/report-pdf';
import { temporaryFolder } from '#test/support/temporary-folder';

test('poppler reads every word of a report, and finds nothing to complain of', () => {
  const rows = Array.from({ length: 90 }, (_, at) => [`Müller & Söhne ${at}`, at * 1_000]);
  const report: Report = {
    title: 'Konten (März)',
    subtitle: 'as of today',
    columns: [
      { name: 'account', title: 'Account', kind: 'text' },
      { name: 'spent', title: 'Spent', kind: 'amount' },
    ],
    rows,
    chart: { title: 'Spent', kind: 'amount', bars: [{ label: 'Москва', value: 5, limit: 4 }] },
    notes: ['look at it'],
  };
  const path = join(temporaryFolder(), 'report.pdf');
  writeFileSync(path, reportPdf(report));

  const text = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
  const complaints = execFileSync('sh', ['-c', 'pdftoppm -r 50 -gray "$0" "$0" 2>&1', path]);
  const page = readFileSync(`${path}-1.pgm`);

  expect(text).toContain('Konten (März)');
  for (const [name, amount] of [
    ['Müller & Söhne 0', '0.000'],
    ['Müller & Söhne 89', '89.000'],
  ] as const)
    expect(text).toMatch(new RegExp(`${name} +${amount.replace('.', '\\.')}`));
  expect(text).toContain('look at it');
  expect(complaints.toString()).toBe('');
  expect(page.filter((grey) => grey < 128).length).toBeGreaterThan(1_000);
});
