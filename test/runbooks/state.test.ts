import fc from 'fast-check';
import { expect, test } from 'vitest';

import { currentStep, emptyRun, isClosed, type RunRecord } from '../../src/runbooks/journal/run-record.js';
import { applyEntry, deriveRun } from '../../src/runbooks/journal/state.js';
import type { JournalEntry } from '../../src/store/index.js';
import { tries } from '../support/sweeps.js';

const IDS = ['a', 'b', 'c'];
const created = {
  type: 'run.created',
  data: {
    runbook: { id: 'r', title: 'R', digest: '', text: '', file: '' },
    steps: IDS.map((id) => ({ id, title: id, kind: 'action' })),
    inputs: {},
    limits: {},
  },
};

const step = fc.constantFrom(...IDS);
const event = fc.oneof(
  fc.record({
    type: fc.constant('step.intent'),
    step,
    attempt: fc.integer({ min: 1, max: 9 }),
    data: fc.record({
      kind: fc.constant('action'),
      inputs: fc.constant({}),
      effect: fc.constantFrom('read', 'idempotent', 'verifiable', 'irreversible'),
      key: fc.constantFrom('k1', 'k2', 'k3'),
    }),
  }),
  fc.record({
    type: fc.constant('step.outcome'),
    step,
    data: fc.record({ state: fc.constantFrom('succeeded', 'failed', 'skipped', 'did-not-happen') }),
  }),
  fc.record({
    type: fc.constant('decision'),
    step,
    data: fc.record({
      kind: fc.constantFrom('decide', 'failed', 'rule', 'confirm', 'in_doubt'),
      value: fc.string(),
      effect: fc.constantFrom('continue', 'stop', 'undo', 'go_to', 'retry', 'skip'),
      reset: fc.subarray(IDS),
      over: fc.constant([]),
      go_to: step,
    }),
  }),
  fc.record({
    type: fc.constant('approval'),
    step,
    data: fc.record({
      of: fc.constant('hash'),
      authority: fc.constant('approve-restore'),
      authenticated: fc.boolean(),
      missing: fc.constantFrom(0, 1),
    }),
  }),
  fc.record({ type: fc.constant('run.resumed'), data: fc.constant({}) }),
  fc.record({ type: fc.constant('undo.started'), data: fc.record({ why: fc.string(), asked: fc.boolean() }) }),
  fc.record({
    type: fc.constant('undo.outcome'),
    step,
    data: fc.record({ of: fc.integer({ min: 1, max: 20 }), state: fc.constantFrom('undone', 'failed', 'given-up') }),
  }),
  fc.record({ type: fc.constant('from.the.future'), data: fc.constant({}) }),
);

const journal = fc.array(event, { maxLength: 30 }).map((events) =>
  [created, ...events].map((one, index): JournalEntry => ({
    v: 1,
    seq: index + 1,
    at: new Date(index).toISOString(),
    by: 'maya',
    prev: '',
    hash: String(index),
    ...one,
  })),
);

const plain = (run: RunRecord): unknown =>
  JSON.parse(JSON.stringify({ ...run, steps: [...run.steps], effects: [...run.effects], effectOf: [...run.effectOf] }));

test('a run is what its journal says: any journal folds, the same way each time, and in any two parts', async () => {
  await fc.assert(
    fc.asyncProperty(journal, fc.nat(), async (entries, cut) => {
      const whole = await deriveRun('r', entries);
      let parts = emptyRun('r');
      for (const entry of entries.slice(0, cut % entries.length)) parts = applyEntry(parts, entry);
      for (const entry of entries.slice(cut % entries.length)) parts = applyEntry(parts, entry);
      expect(plain(parts)).toEqual(plain(whole));
      expect(whole.lastSeq).toBe(entries.length);
      expect([...whole.steps.keys()]).toEqual(IDS);
    }),
    { numRuns: tries(500) },
  );
});

test('no intent that may have changed something is ever forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(journal, async (entries) => {
      const run = await deriveRun('r', entries);
      const keys = new Set(
        entries.filter((entry) => entry.type === 'step.intent' && entry.data['effect'] !== 'read').map((entry) => entry.data['key']),
      );
      expect(new Set([...run.effects.values()].map((effect) => effect.intent.key))).toEqual(keys);
      for (const effect of run.effects.values()) expect(effect.order).toBeGreaterThanOrEqual(effect.of);
    }),
    { numRuns: tries(500) },
  );
});

test('after a resume nothing counts as running any more: what had no outcome is in doubt', async () => {
  await fc.assert(
    fc.asyncProperty(journal, async (entries) => {
      const resumed: JournalEntry = { v: 1, seq: entries.length + 1, at: '', by: 'lee', type: 'run.resumed', data: {}, prev: '', hash: '' };
      const run = await deriveRun('r', [...entries, resumed]);
      expect([...run.steps.values()].map((one) => one.state)).not.toContain('running');
      const current = currentStep(run);
      if (current) expect(current.settled).toBe(false);
      expect(isClosed(run)).toBe(false);
    }),
    { numRuns: tries(500) },
  );
});
