/** Writes docs/http.md: the routes of the authority and the provider, made from their tables. */

import { authorityFiles } from '#authority/file-routes';
import { authorityRefusals } from '#authority/refusals';
import { authorityRoutes } from '#authority/routes';
import { BODY_SIZE_MAX, httpRefusals } from '#cli/server/http-server';
import { type FileRoute, fileRoutesOf } from '#protocol/http/file-route';
import type { RefusalCatalogue } from '#protocol/http/refusal';
import { type AnyRoute, pathFields, routesOf } from '#protocol/http/route';
import type { Shape } from '#protocol/http/shape';
import { providerRefusals } from '#provider/refusals';
import { providerRoutes } from '#provider/routes';
import { markdownTable } from './markdown.ts';

const introduction = `# The authority and the provider over HTTP

Both listen on 127.0.0.1 only and speak JSON. Signed documents and all other bytes travel as lower-case hexadecimal,
money as a whole number of mills (1/1000 of the currency unit), instants as milliseconds since 1970-01-01 UTC, dates as
the number YYYYMMDD. A POST has a body of the type \`application/json\` with exactly the fields named, at most
${BODY_SIZE_MAX} bytes; fields that stand in the path are not repeated in the body.

- **open** routes are for everybody: what arrives there is signed by whoever it is from, or what is given is public.
- **token** routes are the operator's: \`Authorization: Bearer TOKEN\`, where TOKEN is what the file \`token\` of the
  server's directory holds. It is checked before the body is read.

\`GET /health\` answers \`{ "server": "authority" | "provider", "isServing": true }\`.

Whatever goes wrong is answered with the HTTP status below and \`{ "error", "message", "advice" }\`: the name of the
refusal, a sentence for a person, and \`retry\` (send the same again), \`wait\`, \`act\` (do first what the sentence says)
or \`final\` (this request will never succeed). A refusal has changed nothing but the list of findings.

A request that got no answer may be sent again as it is. Refills, withdrawals and their proofs, purchases, payments, claims,
value issues, spoilage answers, batches, status reports, the certificates of a meter and of its keys, revocations with their
confirmations, and the registration of a provider are performed once and answered from the record after that. An account, a meter number, a licence, an order, a challenge, a clock
setting or a rate table is given anew each time, at the cost of a number; a verification sent again is a second sight, and is
reported as one.

A claim, a purchase of value, and what the authority is to hear of a withdrawal are on record before the authority is asked:
where it does not answer they are finished by \`POST /claims/completion\`, \`/pool/purchases/completion\`, \`/withdrawals/completion\`,
and all together by \`POST /reconciliations\`.

This page is made from the route tables (\`authority/routes.ts\`, \`provider/routes.ts\`).`;

/** The whole text of docs/http.md. */
export function httpDocument(): string {
  return [
    introduction,
    ...serverPart('Authority', authorityRoutes, authorityRefusals),
    filePart(authorityFiles),
    ...serverPart('Provider', providerRoutes, providerRefusals),
    '## Refusals of both',
    refusalTable(httpRefusals),
    '',
  ].join('\n\n');
}

function serverPart(name: string, routes: object, refusals: RefusalCatalogue): string[] {
  return [
    `## ${name}`,
    ...routesOf(routes).map(([, route]) => routePart(route)),
    `### Refusals of the ${name.toLowerCase()}`,
    refusalTable(refusals),
  ];
}

function routePart(route: AnyRoute): string {
  const inPath = pathFields(route.path);
  const request = Object.entries(route.request.fields).map(([field, shape]) => [
    `\`${field}\``,
    inPath.includes(field) ? 'path' : 'body',
    shape.describe,
  ]);
  return [
    `### ${route.method} ${route.path} (${route.access})`,
    route.summary,
    ...(request.length === 0 ? [] : [markdownTable(['request', 'in', 'what'], request)]),
    `Answer: ${answerText(route.response)}`,
  ].join('\n\n');
}

/** What is no JSON: files for the world's own tools. */
function filePart(routes: Readonly<Record<string, FileRoute>>): string {
  const rows = fileRoutesOf(routes).map(([, { method, path, takes, gives, summary }]) => [
    `\`${method} ${path}\``,
    takes === undefined ? '' : `\`${takes}\``,
    `\`${gives}\``,
    summary,
  ]);
  return [
    '### Files of the authority (open)',
    'Bodies are the bytes of a file; a refusal is answered in JSON as everywhere.',
    markdownTable(['route', 'takes', 'gives', 'what'], rows),
  ].join('\n\n');
}

function answerText({ describe }: Shape<unknown>): string {
  return `\`${describe === '{  }' ? '{}' : describe}\``;
}

function refusalTable(refusals: RefusalCatalogue): string {
  const rows = Object.entries(refusals).map(([name, { httpStatus, advice, text }]) => [
    `\`${name}\``,
    String(httpStatus),
    advice,
    text,
  ]);
  return markdownTable(['error', 'HTTP', 'advice', 'message'], rows);
}
