import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { flat, openSmallRun, type SmallRun, START } from './support/small-run.js';

let small: SmallRun;
beforeAll(async () => {
  small = await openSmallRun();
});
afterAll(() => small.close());

// A user would lose: the way on, with the syncs paused.
test('a run goes on with the text in its journal, its answers file too, when the runbook file is gone (G7)', async () => {
  await small.newDamage();
  const started = await small.go(START.filter((word) => word !== '--answers' && word !== 'answers.yml'));
  expect(started.code, started.stderr).toBe(5);
  expect(flat(started)).toContain('runback runbook resume');
  await rm(join(small.dir, 'runbooks', 'small.yml'));
  await small.expectResumed();
});
