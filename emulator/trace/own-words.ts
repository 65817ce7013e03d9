/** What an image says of itself in clear, by which any two images differ: the answer to `version`. */

import { decodeResponse } from '#protocol/dispatch';
import { createAssembler, type Message } from '#protocol/message';

/** Whether both send the answer to the same request for the version. */
export function areVersions(left: Uint8Array, right: Uint8Array): boolean {
  const [one, other] = [messageIn(left), messageIn(right)];
  return (
    one !== undefined &&
    one.sequence === other?.sequence &&
    [one, other].every(
      ({ direction, kind, payload }) =>
        direction === 'response' &&
        kind === 'open' &&
        decodeResponse('version', payload)?.ok === true,
    )
  );
}

function messageIn(bytes: Uint8Array): Message | undefined {
  let found: Message | undefined;
  createAssembler((message) => {
    found = message;
  }).push(bytes);
  return found;
}
