import { describe, expect, it } from 'vitest';

import { CHECKS, type CheckName } from '../../src/drills/verdict/checks.js';
import type { Facts } from '../../src/drills/verdict/facts.js';
import { scoreOf } from '../../src/drills/verdict/score.js';
import { drillOf } from './support/deps.js';

const expected = drillOf({}).document.expect;
const SECOND = 1000;

/** Everything as it should be. */
const right: Facts = {
  struck: 4,
  judged: {
    score: { damagedCells: 4, damagedLeft: 0, innocentCells: 100, innocentChanged: 0, legitimateEdits: 3, legitimateLost: 0, examples: [] },
    actual: { records: new Map(), links: new Set() },
    links: { damaged: 1, left: 0 },
    duplicates: [],
    optedIn: [],
  },
  report: { run: 'run-1', state: 'succeeded', status: 0, kills: 0, resumes: 0 },
  steps: [
    { step: 'pause', action: 'syncs.pause', state: 'succeeded', attempt: 1, when: 10 * SECOND },
    { step: 'apply', action: 'restore.apply', state: 'running', attempt: 1, when: 20 * SECOND },
    { step: 'apply', action: 'restore.apply', state: 'succeeded', attempt: 1, when: 30 * SECOND },
    { step: 'verify', action: 'restore.verify', state: 'succeeded', attempt: 1, when: 40 * SECOND },
  ],
  sync: {
    paused: false,
    log: [
      { at: 5 * SECOND, what: 'wrote' },
      { at: 9 * SECOND, what: 'paused' },
      { at: 50 * SECOND, what: 'resumed' },
      { at: 51 * SECOND, what: 'wrote' },
    ],
  },
  sideEffects: [],
  snapshotAt: 0,
  struckAt: 2 * SECOND,
  endedAt: 60 * SECOND,
};

const failedIn = (facts: Facts): readonly CheckName[] =>
  scoreOf(facts, expected)
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);
const judged = (more: Partial<Facts['judged']>): Facts => ({ ...right, judged: { ...right.judged, ...more } });
const score = (more: Partial<Facts['judged']['score']>): Facts => judged({ score: { ...right.judged.score, ...more } });
const sync = right.sync ?? { paused: false, log: [] };

/** What has to be wrong for each check to fail, and it alone. */
const WRONG: Readonly<Record<(typeof CHECKS)[number], Facts>> = {
  took_effect: { ...right, struck: 0 },
  ended: { ...right, report: { ...right.report, state: 'abandoned' } },
  repaired: score({ damagedLeft: 1 }),
  innocent_changed: score({ innocentChanged: 1 }),
  edits_kept: score({ legitimateLost: 1 }),
  links: judged({ links: { damaged: 1, left: 1 } }),
  consent: judged({ optedIn: ['contacts/1/hs_email_optout'] }),
  duplicates: judged({ duplicates: ['contacts/2'] }),
  side_effects: { ...right, sideEffects: ['mail'] },
  paused_while_written: { ...right, sync: { ...sync, log: [...sync.log, { at: 25 * SECOND, what: 'wrote' }] } },
  resumed_after_verification: { ...right, sync: { ...sync, log: [...sync.log, { at: 35 * SECOND, what: 'resumed' }] } },
  syncs_as_before: { ...right, sync: { ...sync, paused: true } },
  recovery_time: { ...right, endedAt: 1000 * SECOND },
  data_loss_window: { ...right, snapshotAt: -25 * 3600 * SECOND },
};

describe('a scorecard', () => {
  it('passes where everything is as it should be, and makes every check', () => {
    expect(failedIn(right)).toEqual([]);
    expect(scoreOf(right, expected).map(({ name }) => name)).toEqual([...CHECKS]);
  });

  it.each(Object.entries(WRONG))('fails %s, and it alone, where that is wrong', (name, facts) => {
    expect(failedIn(facts)).toEqual([name]);
  });

  it('99.99 % is not all, and is not shown as all', () => {
    const almost = score({ damagedCells: 100_000, damagedLeft: 1 });
    expect(failedIn(almost)).toEqual(['repaired']);
    expect(scoreOf(almost, expected).find(({ name }) => name === 'repaired')?.found).toBe('99.99% of 100000');
  });

  it('a run that is still open has to leave the syncs paused', () => {
    const open: Facts = { ...right, report: { ...right.report, state: 'waiting' }, sync: { ...sync, paused: true } };
    expect(failedIn(open)).toEqual(['ended']);
    expect(failedIn({ ...open, sync })).toEqual(['ended', 'syncs_as_before']);
  });

  it('a sync that starts again before anything was verified is found out, also where nothing ever was', () => {
    expect(failedIn({ ...right, steps: right.steps.filter(({ step }) => step !== 'verify') })).toEqual(['resumed_after_verification']);
  });
});

it('takes links that are left, and one end alone, where the drill says so', () => {
  const asked = drillOf({ expect: { links: 1, ends: 'partial' } }).document.expect;
  const of = (facts: Facts, name: CheckName): boolean | undefined => scoreOf(facts, asked).find((check) => check.name === name)?.passed;
  expect(of(judged({ links: { damaged: 3, left: 1 } }), 'links')).toBe(true);
  expect(of(judged({ links: { damaged: 3, left: 2 } }), 'links')).toBe(false);
  expect(of({ ...right, report: { ...right.report, state: 'partial' } }, 'ended')).toBe(true);
  expect(of(right, 'ended')).toBe(false);
});
