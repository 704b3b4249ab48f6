import { expect, test } from 'vitest';

import { Batches } from '../../src/restores/records/batches.js';

// What waits counts as no failure of its own: a restore that stops at a rate of failures would otherwise stop for one
// failure with many followers.
test('what waits for others is known by a field, whatever the words say; lines of earlier versions by their words', () => {
  const batches = new Batches(false);
  batches.ended(1, [
    { id: 'now', status: 'failed', waiting: true, message: 'in any words' },
    { id: 'earlier', status: 'failed', message: 'not possible yet; waits for changes that failed' },
    { id: 'failed', status: 'failed', message: 'refused, while another waits' },
  ]);
  expect([...batches.waiting]).toEqual(['now', 'earlier']);
  batches.ended(2, [{ id: 'now', status: 'failed', message: 'refused' }]);
  expect([...batches.waiting]).toEqual(['earlier']);
});
