/** Why a spoiled piece is not paid back is a sentence for each reason, and a name for one of a later provider. */

import { expect, test } from 'vitest';
import { rejectionText } from '#cli/rejection-text';
import { rejections } from '#provider/claim-pieces';

test.each(rejections)('%s has its sentence', (rejection) => {
  expect(rejectionText(rejection)).toMatch(new RegExp(`^, ${rejection}: \\w+ .+`));
});

test('no rejection has none, and one that is not known is named', () => {
  expect([rejectionText(undefined), rejectionText('stampedTwice')]).toEqual(['', ', stampedTwice']);
});
