/** The OpenAPI description says what the table says, and nothing that is not there (docs/control.openapi.json). */

import { expect, test } from 'vitest';
import { openApiDocument } from '#emulator/control/open-api';
import type { AnyOperation } from '#emulator/control/operation';
import { operations } from '#emulator/control/operations';

interface Described {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}
interface Schema {
  readonly properties: Record<string, unknown>;
  readonly required: readonly string[];
}
interface Document {
  readonly paths: Record<string, { readonly get?: Described; readonly post?: Described }>;
}

const openApi = openApiDocument() as Document;

test('every operation is there, by its method, with each of its fields', () => {
  for (const [name, { kind, request }] of Object.entries(operations) as [string, AnyOperation][]) {
    const { get, post } = openApi.paths[`/v1/${name}`] ?? {};
    const described = kind === 'read' ? get : post;

    expect(described?.operationId, name).toBe(name);
    expect(kind === 'read' ? post : get, name).toBeUndefined();
    const schema = described?.requestBody?.content['application/json']?.schema;
    expect(Object.keys(schema?.properties ?? {}), name).toEqual(Object.keys(request.fields));
  }
  expect(Object.keys(openApi.paths)).toHaveLength(Object.keys(operations).length + 1);
});

test('a field is required where it may not be left out', () => {
  const { post } = openApi.paths['/v1/cutPower'] ?? {};

  expect(post?.requestBody?.content['application/json']?.schema.required).toEqual(['operations']);
});

test('every reference leads to something', () => {
  const references = [...JSON.stringify(openApi).matchAll(/"\$ref":"#\/([^"]+)"/g)];

  expect(references.length).toBeGreaterThan(20);
  for (const [, path = ''] of references) {
    const target = path
      .split('/')
      .reduce<unknown>((part, name) => (part as Record<string, unknown>)?.[name], openApi);
    expect(target, path).toBeDefined();
  }
});
