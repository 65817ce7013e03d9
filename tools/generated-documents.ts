/** The documents, and parts of documents, that are made from the code. */

import { openApiDocument } from '#emulator/control/open-api';
import { commandDocument } from './command-document.ts';
import { checkTable } from './conformance-document.ts';
import { dissectorScript } from './dissector.ts';
import { fipsDocument } from './fips-document.ts';
import { httpDocument } from './http-document.ts';
import { withGenerated } from './markdown.ts';
import { matrixDocument } from './matrix-document.ts';
import {
  interfaceTable,
  keyHierarchy,
  parameterTable,
  regionTable,
  resultTable,
  selfTestTable,
  serviceTable,
} from './security-policy.ts';
import { serviceMatrix } from './service-matrix.ts';
import { readRepositoryFile } from './sources.ts';
import { stateDiagram } from './state-diagram.ts';

export interface GeneratedDocument {
  /** From the root of the repository. */
  readonly path: string;
  /** Its whole text as it must be now. */
  readonly text: string;
}

/** The parts of SECURITY.md that are made from the code and the data of the policy. */
const policyParts: Readonly<Record<string, () => string>> = {
  'state machine': stateDiagram,
  interfaces: interfaceTable,
  'service matrix': serviceMatrix,
  services: serviceTable,
  parameters: parameterTable,
  'key hierarchy': keyHierarchy,
  'self-tests': selfTestTable,
  regions: regionTable,
  results: resultTable,
};

export function generatedDocuments(): readonly GeneratedDocument[] {
  const policy = Object.entries(policyParts).reduce(
    (page, [name, write]) => withGenerated(page, name, write()),
    readRepositoryFile('SECURITY.md'),
  );
  return [
    { path: 'docs/commands.md', text: commandDocument() },
    {
      path: 'docs/conformance.md',
      text: withGenerated(readRepositoryFile('docs/conformance.md'), 'checks', checkTable()),
    },
    {
      path: 'docs/control.openapi.json',
      text: `${JSON.stringify(openApiDocument(), undefined, 2)}\n`,
    },
    { path: 'docs/fips-140-3.md', text: fipsDocument() },
    { path: 'docs/http.md', text: httpDocument() },
    { path: 'docs/matrix.md', text: matrixDocument() },
    { path: 'docs/tessera.lua', text: dissectorScript() },
    { path: 'SECURITY.md', text: policy },
  ];
}
