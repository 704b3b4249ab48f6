import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

import { temporaryFolder } from '../support/store.js';

const workload = fileURLToPath(new URL('memory-workload.cjs', import.meta.url));

// A user would lose: a snapshot of a large account on a small machine. The engine lets the heap grow to several times
// what is live.
it('what waits to be sorted for a snapshot is not in the heap', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', workload, await temporaryFolder()]);
  // 20 MB of records and 8 MB of links pass.
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(Number(stdout)).toBeLessThan(6 << 20);
});
