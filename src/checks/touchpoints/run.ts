import { randomBytes } from 'node:crypto';

import { newId } from '../../lib/index.js';
import type { TouchpointTest } from '../document/load.js';
import { CHECKS, RESULTS } from '../ledger.js';
import { lockPlatforms } from '../locks.js';
import type { CheckResult, StepResult } from '../result.js';
import { marksOf } from './events/submit.js';
import { importedRows } from './imported.js';
import { createdOn, keepNote, openSide, type TouchpointDeps } from './open.js';
import { testedSides } from './sides.js';
import { TouchpointRun } from './steps.js';

/** Domain of invented addresses. */
export const TEST_DOMAIN = 'example.com';

/**
 * Does on one platform what the steps say, and looks what becomes of it on the other. Which records will be created is on disk before
 * the first is, so that whatever ends this process, a clean-up finds them and their copies.
 */
export async function runTouchpoints(test: TouchpointTest, deps: TouchpointDeps): Promise<CheckResult> {
  const { store, clock, by, mapping } = deps;
  const { steps, records } = test.document;
  const from = createdOn(test, mapping);
  const sides = [await openSide(mapping, 0, deps), await openSide(mapping, 1, deps)] as const;
  const tested = testedSides(mapping, from, [sides[0].schema, sides[1].schema], marksOf(steps));
  const mark = `rb${randomBytes(6).toString('hex')}`;
  const rows = await importedRows(test, sides[from].schema);
  const people = { count: rows?.length ?? records.count, twice: 0, domain: TEST_DOMAIN };
  const id = newId('check', clock, await store.list(CHECKS));
  const startedAt = clock.now().toISOString();
  // Steps may write on either side.
  const platforms = sides.map(({ platform }) => platform);
  const lock = await lockPlatforms(store, platforms, { by, holder: id, purpose: `test ${test.id}` });
  try {
    const run = new TouchpointRun({ ...deps, guard: lock.guard }, { sides, tested, mark, people, ...(rows && { rows }) });
    const belonging = await run.check(steps);
    await keepNote(deps, { id, test, mark, startedAt, people, sides, tested, belonging });
    const results: StepResult[] = [];
    for (const step of steps) {
      // Stopped for longer than its lease, it is not alone there any more.
      await lock.check();
      results.push(await run.step(step));
    }
    const result = resultOf(test, { id, startedAt, endedAt: clock.now().toISOString(), results });
    await store.document<CheckResult>(RESULTS, id).update(() => result);
    return result;
  } finally {
    await lock.release();
  }
}

function resultOf(
  { id: test, title, digest }: TouchpointTest,
  {
    id,
    startedAt,
    endedAt,
    results,
  }: { readonly id: string; readonly startedAt: string; readonly endedAt: string; readonly results: readonly StepResult[] },
): CheckResult {
  const checks = results.flatMap((step) => step.checks);
  return { version: 1, id, test, title, digest, startedAt, endedAt, passed: checks.every(({ passed }) => passed), steps: results, checks };
}
