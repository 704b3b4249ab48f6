import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { stageBadSync, type BadSync } from '../../src/drills/index.js';

const SIZES = { contacts: 400, companies: 60, deals: 40, seed: 7 };

let story: BadSync;
beforeEach(async () => {
  story = await stageBadSync(SIZES);
});
afterEach(() => story.stop());

describe('the story of a sync that goes wrong', () => {
  it('judges an account that nobody repaired as damaged, and nothing else as changed', () => {
    const done = story.goWrong();
    story.colleagueWorks();
    const score = story.score();
    expect(done.overwritten + done.emptied + done.duplicates).toBeGreaterThan(20);
    expect(score.damagedLeft).toBe(score.damagedCells);
    expect(score.damagedCells).toBeGreaterThanOrEqual(done.overwritten + done.emptied + done.duplicates + done.linksCut - 10);
    expect(score.innocentChanged).toBe(0);
    expect(score.legitimateLost).toBe(0);
    expect(score.innocentCells).toBeGreaterThan(2000);
  });

  it('notices an innocent cell that a repair changed', () => {
    story.goWrong();
    const [company] = story.sandbox.truth().records('companies');
    if (company) story.sandbox.writeAs({ kind: 'integration', id: '1' }).update('companies', company.key, { name: 'Somebody else' });
    expect(story.score().innocentChanged).toBe(1);
  });

  it('notices a legitimate edit that a repair rolled back', () => {
    const truth = story.sandbox.truth();
    const before = [...truth.records('contacts')];
    story.goWrong();
    const edits = story.colleagueWorks();
    const sync = story.sandbox.writeAs({ kind: 'integration', id: '1' });
    for (const { key, values } of before)
      if (truth.record('contacts', key)?.['jobtitle'] !== values['jobtitle']) sync.update('contacts', key, { jobtitle: values['jobtitle'] ?? null });
    const { legitimateLost } = story.score();
    expect(legitimateLost).toBeGreaterThan(0);
    expect(legitimateLost).toBeLessThan(edits);
  });

  it('the sync keeps writing until it is paused, and finishes what is in flight', async () => {
    const status = async (): Promise<{ state: string; in_flight: number }> =>
      (await (await fetch(`${story.integration.url}/sync`)).json()) as { state: string; in_flight: number };
    await expect.poll(() => story.integration.writes).toBeGreaterThan(0);
    await fetch(`${story.integration.url}/sync/pause`, { method: 'POST' });
    await expect.poll(async () => (await status()).in_flight).toBe(0);
    expect(await status()).toMatchObject({ state: 'paused' });
    expect(story.integration.paused).toBe(true);
  });
});
