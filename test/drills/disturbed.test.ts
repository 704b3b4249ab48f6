import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Drill } from '../../src/drills/document/load.js';
import { drillFiles, type DrillResult } from '../../src/drills/index.js';
import { isRunbackError } from '../../src/lib/index.js';
import { loadRunbook } from '../../src/runbooks/index.js';
import { createRandom, type Random } from '../../src/sandbox/index.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';
import { play } from './support/deps.js';

const root = join(import.meta.dirname, '../..');
/** What the run gets over by itself, and what ends it: after one of these it has to be resumed. */
const PASSING = ['rate-limit', 'drop-answer', 'drop-request', 'cut-body', 'nonsense', 'server-error', 'partial-answer'] as const;
const ENDING = ['kill', 'expired-token', 'missing-permission', 'full-disk', 'lost-key'] as const;
const RUNS = Number(process.env['RUNBACK_TEST_RUNS'] ?? (fullSweeps ? 200 : 3));

/**
 * The drills that have to bring everything back, without what disturbs them by themselves. What can only be brought back
 * in part is another part on every account.
 */
const drills = (await drillFiles(join(root, 'drills'))).flatMap(({ drill }) =>
  drill === undefined || drill.document.must_fail || drill.document.expect.stops || drill.document.expect.repaired !== '100%' || !isOfHubSpot(drill)
    ? []
    : [drill],
);

/** Its faults name the object types and fields of HubSpot. */
function isOfHubSpot({ document: { where } }: Drill): boolean {
  return 'local' in where && where.local.includes('hubspot');
}

/** Of the shipped runbooks, or one that a drill has for itself. */
const runbookPath = ({ runbook }: Drill): string => (runbook.includes('/') ? runbook : join(root, 'runbooks', `${runbook}.yml`));

/** A drill with one to three disturbances at random points of its runbook. */
async function disturbed(drill: Drill, random: Random): Promise<Drill> {
  const runbook = await loadRunbook(runbookPath(drill));
  const steps = runbook.steps.filter(({ action }) => action !== undefined).map(({ id }) => id);
  // One that ends it at most: what is looked for is whether one resume is enough.
  const disturb = Array.from({ length: 1 + random.integer(3) }, (_, i) => ({
    at: random.pick(steps),
    with: i === 0 ? random.pick([...PASSING, ...ENDING]) : random.pick(PASSING),
    after: random.integer(12),
    times: 1,
  }));
  const encrypted = random.integer(3) === 0 || disturb.some((each) => each.with === 'lost-key');
  const backup = { age: '0s', ...drill.document.backup, encrypted };
  return { ...drill, document: { ...drill.document, backup, disturb, where: { local: ['hubspot'], records: 150, seed: random.integer(1_000_000) } } };
}

/** Plays a drill. An account on which its fault finds too few records proves nothing: another one is taken. */
async function playSomewhere(drill: Drill, random: Random): Promise<DrillResult> {
  for (let n = 0; ; n += 1) {
    try {
      return await play(drill, { resumes: 3, runbook: runbookPath(drill) });
    } catch (error) {
      if (!isRunbackError(error, 'fault-impossible') || n === 4) throw error;
      const { document } = drill;
      drill = { ...drill, document: { ...document, where: { local: ['hubspot'], records: 150 * (n + 2), seed: random.integer(1_000_000) } } };
    }
  }
}

/** What may be left: a run that stopped where a person is needed, with nothing but damage left. */
const stoppedRightly = ({ run, checks }: DrillResult): boolean =>
  ['running', 'waiting', 'undoing'].includes(run.state) &&
  checks.every(({ name, passed }) => passed || !['innocent_changed', 'duplicates', 'side_effects', 'edits_kept', 'consent'].includes(name));

describe('drills that are disturbed at random', () => {
  it(`repair everything and change nothing else, or stop and say why: ${RUNS} runs`, async () => {
    const from = seedOf();
    const stops: string[] = [];
    let soon = 0;
    for (let turn = 0; turn < RUNS; turn += 1) {
      const random = createRandom(from + turn);
      const drill = await disturbed(random.pick(drills), random);
      const story = `seed ${from + turn}: ${drill.id} ${JSON.stringify(drill.document.disturb)}`;
      const result = await playSomewhere(drill, random);
      const failed = result.checks.filter(({ passed }) => !passed);
      if (result.passed) soon += result.run.resumes <= 1 ? 1 : 0;
      else {
        expect(stoppedRightly(result), `${story}\n${JSON.stringify(failed)}\n${result.run.because ?? ''}\n${result.examples.join('\n')}`).toBe(true);
        stops.push(`${story}: ${result.run.state}: ${result.run.because ?? ''}`);
      }
    }
    console.log(
      `disturbed drills: ${RUNS} runs, ${soon} repaired after at most one resume, ${stops.length} stops${stops.map((stop) => `\n  ${stop}`).join('')}`,
    );
    if (RUNS >= 100) expect(soon / RUNS).toBeGreaterThanOrEqual(0.95);
  }, 3_600_000);
});
