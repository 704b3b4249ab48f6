import { describe, expect, it } from 'vitest';

import { keepResult, proofOf, readResults, type DrillResult } from '../../src/drills/index.js';
import { systemClock, Redactor } from '../../src/lib/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { folderFor } from './support/deps.js';

const opened = async (): Promise<Store> => openFileStore({ dir: await folderFor('proofs'), clock: systemClock, redactor: new Redactor() });
const result = (more: Partial<DrillResult> & { readonly digestOfRunbook?: string }): DrillResult => ({
  version: 1,
  id: `drill-2026010${String(more.startedAt?.at(9) ?? 1)}-000000-aaaa`,
  drill: 'one',
  title: 'One',
  digest: 'd',
  runbook: { id: 'mass-overwrite', title: 'Undo', digest: more.digestOfRunbook ?? 'now' },
  stage: { label: 'a sandbox', platform: 'hubspot', environment: 'sandbox' },
  faults: ['overwrite'],
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:01:00.000Z',
  passed: true,
  checks: [],
  recoveryMs: 60_000,
  run: { id: 'run-1', state: 'succeeded', kills: 0, resumes: 0 },
  disturbed: [],
  timeline: [],
  examples: [],
  samples: [],
  differs: [],
  ...more,
});
const asked = async (store: Store): Promise<unknown> => await proofOf(store, { id: 'mass-overwrite', digest: 'now' });

describe('what drills have shown of a runbook', () => {
  it('is nothing before one was run, and nothing by one that is built to fail', async () => {
    const store = await opened();
    expect(await asked(store)).toEqual({ state: 'never' });
    await keepResult(store, result({ mustFail: ['repaired'] }));
    expect(await asked(store)).toEqual({ state: 'never' });
    expect(await readResults(store)).toHaveLength(1);
  });

  it('holds for the text that was run, and for no other', async () => {
    const store = await opened();
    await keepResult(store, result({ digestOfRunbook: 'earlier' }));
    expect(await asked(store)).toMatchObject({ state: 'changed', drill: 'one' });
    await keepResult(store, result({ startedAt: '2026-01-02T00:00:00.000Z' }));
    expect(await asked(store)).toEqual({ state: 'proven', at: '2026-01-02T00:00:00.000Z', drill: 'one' });
  });

  it('is a failure as long as the newest run of any of its drills failed', async () => {
    const store = await opened();
    await keepResult(store, result({ startedAt: '2026-01-02T00:00:00.000Z' }));
    await keepResult(store, result({ drill: 'two', passed: false, startedAt: '2026-01-03T00:00:00.000Z' }));
    expect(await asked(store)).toMatchObject({ state: 'failed', drill: 'two' });
    await keepResult(store, result({ drill: 'two', startedAt: '2026-01-04T00:00:00.000Z' }));
    expect(await asked(store)).toMatchObject({ state: 'proven', drill: 'two' });
  });
});
