import { randomBytes } from 'node:crypto';

import { newId } from '../../lib/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';
import type { TriggerTest } from '../document/load.js';
import { arrivesWithinMs, CHECKS, RESULTS } from '../ledger.js';
import { submissionsOf } from '../load/people.js';
import { lockPlatform } from '../locks.js';
import type { CheckResult, TriggerResult } from '../result.js';
import { TEST_DOMAIN } from '../touchpoints/run.js';
import { evidenceOf, keepTriggerNote, openTrigger, type TriggerDeps } from './open.js';
import { triggerChecks } from './report.js';
import { RowsRun } from './rows.js';
import { boundaryTable } from './table.js';

/**
 * Tries an automation at the boundaries of its condition, each row of the table on a record of its own, all of them at the same time. Which
 * records will be created is on disk before the first is.
 */
export async function runTrigger(test: TriggerTest, deps: TriggerDeps): Promise<CheckResult> {
  const { store, clock, by } = deps;
  const { trigger, settle } = test.document;
  const opened = await openTrigger(test, deps);
  const rows = boundaryTable(opened.condition);
  const mark = `rb${randomBytes(6).toString('hex')}`;
  const people = { count: rows.length, twice: 0, domain: TEST_DOMAIN };
  const submissions = submissionsOf(people, mark);
  const id = newId('check', clock, await store.list(CHECKS));
  const startedAt = clock.now().toISOString();
  const { platform } = opened.side;
  const lock = await lockPlatform(store, platform, { by, holder: id, purpose: `test ${test.id}` });
  try {
    await keepTriggerNote(
      deps,
      { id, test: test.id, mark, startedAt, submissions: people, arrivesWithinMs: arrivesWithinMs([{ within: trigger.within, settle }]) },
      opened,
      trigger.fires,
    );
    const since = new Date((platform.connector.now?.() ?? clock.now()).getTime() - CLOCK_MARGIN_MS);
    const { call } = deps;
    const evidence = evidenceOf(trigger.fires, opened, { since, clock, call, person: (n) => submissions[n]?.person ?? '' });
    const run = new RowsRun(deps, { opened, trigger, settle, rows, submissions, evidence });
    for (let step = 0; step < run.length; step += 1) {
      await lock.check();
      await run.step(step);
    }
    const result = resultOf(test, { id, startedAt, endedAt: clock.now().toISOString() }, run.result());
    await store.document<CheckResult>(RESULTS, id).update(() => result);
    return result;
  } finally {
    await lock.release();
  }
}

function resultOf(
  { id: test, title, digest }: TriggerTest,
  times: Pick<CheckResult, 'id' | 'startedAt' | 'endedAt'>,
  trigger: TriggerResult,
): CheckResult {
  const checks = triggerChecks(trigger);
  return { version: 1, test, title, digest, ...times, passed: checks.every(({ passed }) => passed), trigger, checks };
}
