/** Distinguished names as they are compared: without regard to case, spaces and kind of string (RFC 5280 7.1). */

import { type Read, type Reader, readerOf, tags } from '#protocol/der';
import { hexOf } from '../plain-bytes.ts';

/** One text for each relative name, from the root down; two names are the same where all of them are. */
export type Name = readonly string[];

const decoders: Readonly<Record<number, (content: Uint8Array) => string>> = {
  [tags.utf8String]: (content) => new TextDecoder().decode(content),
  [tags.printableString]: latin1,
  20: latin1, // TeletexString
  22: latin1, // IA5String
  28: (content) => wide(content, 4), // UniversalString
  30: (content) => wide(content, 2), // BMPString
};

function latin1(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1');
}

function wide(content: Uint8Array, size: number): string {
  let text = '';
  for (let at = 0; at + size <= content.length; at += size) {
    const code = Buffer.from(content).readUIntBE(at, size);
    text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  }
  return text;
}

function attributeText({ tag, content, whole }: Read): string {
  const decode = decoders[tag];
  if (decode === undefined) return hexOf(whole);
  return decode(content).normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ');
}

/** @param content of its SET */
export function relativeName(content: Uint8Array): string {
  const parts: string[] = [];
  eachIn(content, (set) => {
    const pair = readerOf(set.next(tags.sequence).content);
    parts.push(JSON.stringify([hexOf(pair.next(tags.oid).content), attributeText(pair.next())]));
    pair.end();
  });
  return parts.sort().join('+');
}

function eachIn(content: Uint8Array, take: (reader: Reader) => void): void {
  const reader = readerOf(content);
  while (!reader.isAtEnd) take(reader);
}

/** To be called inside of `readDer`. @param content of the SEQUENCE of a name */
export function readName(content: Uint8Array): Name {
  const name: string[] = [];
  eachIn(content, (reader) => name.push(relativeName(reader.next(tags.set).content)));
  return name;
}

export const isSameName = (one: Name, other: Name): boolean =>
  one.length === other.length && isWithin(one, other);

/** Whether a name is below another one, or that one (RFC 5280 4.2.1.10). */
export const isWithin = (name: Name, tree: Name): boolean =>
  tree.length <= name.length && tree.every((relative, at) => relative === name[at]);
