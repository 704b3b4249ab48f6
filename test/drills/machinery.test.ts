import { describe, expect, it } from 'vitest';

import { drillOf, failedOf, play } from './support/deps.js';

describe('what goes wrong around a rollback', () => {
  it('what nobody mends ends the run, with the syncs paused and nothing innocent changed', async () => {
    const left = await play(drillOf({ disturb: [{ at: 'apply', with: 'expired-token' }] }), { resumes: 0 });
    expect(failedOf(left)).toEqual(expect.arrayContaining(['ended', 'repaired']));
    for (const name of ['innocent_changed', 'paused_while_written', 'syncs_as_before'])
      expect(left.checks.find((check) => check.name === name)).toMatchObject({ passed: true });
    expect(left.timeline.map(({ what }) => what).join('\n')).toMatch(/refuses the token/u);
  });

  it('a run that has to stop and goes on to its end fails its drill, as does one that stops elsewhere', async () => {
    const went = await play(drillOf({ expect: { stops: 'check_base' } }));
    expect(went.checks.find(({ name }) => name === 'ended')).toMatchObject({ passed: false, found: 'succeeded', wanted: 'stopped at check_base' });
    const elsewhere = await play(
      drillOf({ disturb: [{ at: 'check_base', with: 'damaged-backup' }], answers: { 'check_base.failed': 'stop' }, expect: { stops: 'apply' } }),
    );
    expect(failedOf(elsewhere)).toEqual(['ended']);
    expect(elsewhere.run.because).toMatch(/check_base/u);
  });

  it('a step at which a run has to stop, and which the runbook has not, is refused before anything starts', async () => {
    await expect(play(drillOf({ expect: { stops: 'chek_base' } }))).rejects.toMatchObject({ code: 'not-found' });
  });
});
