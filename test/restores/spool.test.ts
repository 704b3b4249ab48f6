import { expect, test } from 'vitest';

import { LineSpool } from '../../src/restores/records/spool.js';

test.each([
  ['few lines', 3, 10],
  ['lines that are kept as they are', 4000, 400],
  ['more lines than are kept as they are, so that the rest is compressed', 4000, 3000],
])('a spool gives back %s, in their order and backwards', (_what, count, length) => {
  const spool = new LineSpool();
  const lines = Array.from({ length: count }, (_, n) => `{"n":${n},"text":"größe 👩‍👩‍👧‍👦 ${String(n % 10).repeat(length)}"}`);
  for (const line of lines) spool.push(line);
  expect(spool.size).toBe(count);
  // As often as it is asked for.
  for (let time = 0; time < 2; time += 1) expect([...spool.read()]).toEqual(lines);
  expect([...spool.readBackwards()]).toEqual([...lines].reverse());
});
