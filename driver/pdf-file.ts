/** The file that every PDF is: objects with their table. */

import { ascii, joinBytes } from '#protocol/bytes';

/**
 * Numbered objects, and at the end where each of them is.
 * @param objects the catalog first @param info number of what tells of the document
 */
export function pdfFile(objects: readonly (readonly Uint8Array[])[], info?: number): Uint8Array {
  const parts: Uint8Array[] = [
    ascii('%PDF-1.4\n'),
    Uint8Array.of(0x25, 0xe2, 0xe3, 0xcf, 0xd3, 10),
  ];
  let size = parts.reduce((sum, { length }) => sum + length, 0);
  const places: number[] = [];
  for (const [index, body] of objects.entries()) {
    places.push(size);
    const object = [ascii(`${index + 1} 0 obj\n`), ...body, ascii('\nendobj\n')];
    for (const part of object) size += part.length;
    parts.push(...object);
  }
  const entries = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`);
  const told = info === undefined ? '' : ` /Info ${info} 0 R`;
  parts.push(
    ascii(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}`),
    ascii(
      `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R${told} >>\nstartxref\n${size}\n%%EOF\n`,
    ),
  );
  return joinBytes(...parts);
}
