/** The documents, and parts of documents, that are made from the code. */

import { commandDocument } from './command-document.ts';
import { httpDocument } from './http-document.ts';
import { withGenerated } from './markdown.ts';
import { serviceMatrix } from './service-matrix.ts';
import { readRepositoryFile } from './sources.ts';
import { stateDiagram } from './state-diagram.ts';

export interface GeneratedDocument {
  /** From the root of the repository. */
  readonly path: string;
  /** Its whole text as it must be now. */
  readonly text: string;
}

export function generatedDocuments(): readonly GeneratedDocument[] {
  const policy = withGenerated(
    withGenerated(readRepositoryFile('SECURITY.md'), 'state machine', stateDiagram()),
    'service matrix',
    serviceMatrix(),
  );
  return [
    { path: 'docs/commands.md', text: commandDocument() },
    { path: 'docs/http.md', text: httpDocument() },
    { path: 'SECURITY.md', text: policy },
  ];
}
