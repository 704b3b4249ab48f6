import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { drillOf, failedOf, folderFor, play } from './support/deps.js';

describe('a rehearsal', () => {
  it('passes where the runbook brings everything back and keeps what people did meanwhile', async () => {
    const result = await play(
      drillOf({
        meanwhile: {
          edits: [
            { object: 'contacts', field: 'jobtitle', records: 4 },
            { object: 'contacts', field: 'firstname', records: 2, on: 'damaged', when: 'during' },
          ],
        },
      }),
    );
    expect(failedOf(result)).toEqual([]);
    expect(result).toMatchObject({ passed: true, run: { kills: 0, resumes: 0 }, faults: ['overwrite'] });
    expect(result.samples[0]).toMatchObject({ damaged: 'Valued Customer' });
    expect(result.samples[0]?.restored).toBe(result.samples[0]?.before);
  });

  it('fails where the runbook leaves the damage, and says which cells', async () => {
    const result = await play(drillOf({ answers: { review: 'undo' } }));
    expect(result.passed).toBe(false);
    expect(failedOf(result)).toEqual(expect.arrayContaining(['ended', 'repaired']));
    expect(result.examples[0]).toMatch(/^contacts\/\d+\/firstname: is "Valued Customer", should be /);
  });

  it('goes on after kill -9 by the command that a person would type', async () => {
    const result = await play(drillOf({ disturb: [{ at: 'apply', with: 'kill', after: 2 }] }));
    expect(failedOf(result)).toEqual([]);
    expect(result.run).toMatchObject({ kills: 1, resumes: 1 });
    expect(result.disturbed).toMatchObject([{ at: 'apply', with: 'kill' }]);
  });

  it('says how far it came where a killed run is not resumed', async () => {
    const result = await play(drillOf({ disturb: [{ at: 'evidence', with: 'kill' }] }), { resumes: 0 });
    expect(result.run).toMatchObject({ kills: 1, resumes: 0, state: 'running' });
    expect(failedOf(result)).toEqual(expect.arrayContaining(['ended', 'repaired']));
  });

  it('is built to fail: a runbook that starts the syncs before what it wrote is verified is found out by that', async () => {
    const shipped = await readFile(join(import.meta.dirname, '../../runbooks/mass-overwrite.yml'), 'utf8');
    // The step that resumes, put before the one that applies.
    const resume = /\n {2}- id: resume\n[\s\S]*?(?=\n {2}- id: )/u.exec(shipped)?.[0] ?? '';
    const early = '\n  - id: early\n    title: Look\n    action: restore.verify\n    with: { plan: "${{ steps.plan.plan }}" }\n';
    const wrong = shipped.replace(resume, '').replace('\n  - id: apply\n', `${early}${resume}\n\n  - id: apply\n`);
    const path = join(await folderFor('runbook'), 'mass-overwrite.yml');
    await writeFile(path, wrong);
    const drill = (must_fail: readonly string[]) =>
      drillOf({
        must_fail,
        answers: {
          review: 'yes',
          left: 'go on',
          review_created: 'leave',
          cause: 'done',
          resume: 'resume-unverified',
          allow: { choice: 'approve', by: 'lee' },
        },
      });
    const result = await play(drill(['resumed_after_verification']), { runbook: path });
    expect(failedOf(result), result.run.because).toContain('resumed_after_verification');
    expect(result.passed).toBe(true);
  });

  it('is not built to fail by a run that never began, or did not come to its end', async () => {
    const result = await play(drillOf({ must_fail: ['ended', 'repaired'], answers: { reviw: 'yes' } }));
    expect(failedOf(result)).toEqual(expect.arrayContaining(['ended', 'repaired']));
    expect(result.passed).toBe(false);
  });

  it('a disturbance at a step that the runbook has not is refused before anything starts', async () => {
    await expect(play(drillOf({ disturb: [{ at: 'aply', with: 'kill' }] }))).rejects.toMatchObject({ code: 'not-found' });
  });
});
