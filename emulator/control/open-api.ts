/** The OpenAPI description of the control, made from the table of operations (docs/control.openapi.json). */

import type { JsonSchema, Shape } from '#protocol/http/shape';
import { type AnyOperation, EVENTS_PATH, pathOf } from './operation.ts';
import { operations } from './operations.ts';
import { controlRefusals } from './refusals.ts';
import { controlEvent, lineCounts, status, tracing } from './shapes.ts';

/** What several operations answer, described once. */
const named: ReadonlyMap<Shape<unknown>, string> = new Map<Shape<unknown>, string>([
  [status, 'Status'],
  [lineCounts, 'LineCounts'],
  [tracing, 'Tracing'],
  [controlEvent, 'Event'],
]);

function schemaOf(shape: Shape<unknown>): JsonSchema {
  const name = named.get(shape);
  return name === undefined ? shape.schema : { $ref: `#/components/schemas/${name}` };
}

const json = (schema: JsonSchema) => ({ 'application/json': { schema } });
const problem = { $ref: '#/components/responses/Problem' };

export function openApiDocument(): object {
  const paths = (Object.entries(operations) as [string, AnyOperation][]).map(([name, declared]) => [
    pathOf(name),
    pathItem(name, declared),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Control of an emulated meter',
      version: '1',
      description:
        'Made from emulator/control/operations.ts. Instants and durations are milliseconds, bytes are base64; a field that may be null may be left out.',
    },
    servers: [{ url: 'http://127.0.0.1:{port}', variables: { port: { default: '8380' } } }],
    security: [{}, { token: [] }],
    paths: { ...Object.fromEntries(paths), [EVENTS_PATH]: eventsPath() },
    components: {
      schemas: Object.fromEntries(Array.from(named, ([{ schema }, name]) => [name, schema])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        Problem: {
          description: 'Refused: nothing was changed.',
          content: json(problemSchema()),
        },
      },
    },
  };
}

function pathItem(name: string, { kind, summary, request, response }: AnyOperation): object {
  const answers = {
    200: { description: 'Done.', content: json(schemaOf(response)) },
    default: problem,
  };
  const described = { operationId: name, summary, responses: answers };
  if (kind === 'read') return { get: described };
  const body = { required: true, content: json(request.schema) };
  return { post: { ...described, requestBody: body } };
}

function eventsPath(): object {
  return {
    get: {
      operationId: 'events',
      summary:
        'What happens to the board from now on, as server-sent events whose data is this JSON; the first tells what the lamp shows. A stream that is not read is cut.',
      responses: {
        200: {
          description: 'A stream without end.',
          content: { 'text/event-stream': { schema: schemaOf(controlEvent) } },
        },
        default: problem,
      },
    },
  };
}

function problemSchema(): JsonSchema {
  return {
    type: 'object',
    properties: {
      error: { type: 'string', enum: Object.keys(controlRefusals) },
      message: { type: 'string' },
      advice: { type: 'string', enum: ['retry', 'wait', 'act', 'final'] },
    },
    required: ['error', 'message', 'advice'],
  };
}
