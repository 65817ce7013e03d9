/** The queue of the virtual printer: first in, first out, and what was put back comes first. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQueue } from '#emulator/printer/queue';

test('gives back what was added in its order, and first what was put back', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 1500 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 1500 }) }),
      fc.constant('put back' as const),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(steps, (run) => {
      const queue = createQueue<number>();
      const model: number[] = [];
      let next = 0;

      for (const step of run) {
        if (step === 'put back') {
          queue.putBack(-next);
          model.unshift(-next);
        } else if ('add' in step) {
          for (let i = 0; i < step.add; i++) {
            queue.add(next);
            model.push(next);
            next += 1;
          }
        } else {
          const taken = Array.from({ length: step.take }, () => queue.take());
          const expected = model.splice(0, step.take);
          expect(taken.filter((item) => item !== undefined)).toEqual(expected);
        }
        expect(queue.first()).toBe(model[0]);
      }
    }),
  );
});
