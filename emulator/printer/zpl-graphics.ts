/** The hexadecimal data of ^GFA: digits, runs by letters, ends of rows and repeated rows. */

/** @returns the dots, row after row, as many rows as the data begins; what is missing is white */
export function unpackGraphics(data: string, stride: number, sizeMax: number): Uint8Array {
  const rows: string[] = [];
  let row = '';
  let count = 0;
  const endRow = (fill: string): void => {
    rows.push(row.padEnd(stride * 2, fill));
    row = '';
  };
  for (const letter of data) {
    if (rows.length * stride >= sizeMax) break;
    if (letter >= 'G' && letter <= 'Y') count += letter.charCodeAt(0) - 'F'.charCodeAt(0);
    else if (letter >= 'g' && letter <= 'z')
      count += (letter.charCodeAt(0) - 'f'.charCodeAt(0)) * 20;
    else if (letter === ',') endRow('0');
    else if (letter === '!') endRow('F');
    else if (letter === ':') rows.push(rows.at(-1) ?? '0'.repeat(stride * 2));
    else if (/[0-9A-Fa-f]/.test(letter)) {
      row += letter.repeat(Math.max(1, count));
      count = 0;
      while (row.length >= stride * 2) {
        rows.push(row.slice(0, stride * 2));
        row = row.slice(stride * 2);
      }
    }
  }
  if (row !== '') endRow('0');
  const dots = new Uint8Array(Math.min(rows.length * stride, sizeMax));
  dots.set(Buffer.from(rows.join(''), 'hex').subarray(0, dots.length));
  return dots;
}
