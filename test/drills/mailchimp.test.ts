import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { drillFiles } from '../../src/drills/index.js';
import { drillOf, failedOf, play } from './support/deps.js';

const MEMBERS = 'members-8a1f0c2d3e';
const root = join(import.meta.dirname, '../..');
const files = (await drillFiles(join(root, 'drills'))).filter(({ id }) => id.startsWith('mailchimp-'));
const shipped = async (id: string): Promise<Readonly<Record<string, unknown>>> =>
  parse(await readFile(join(root, 'drills', `${id}.yml`), 'utf8')) as Readonly<Record<string, unknown>>;

/**
 * The drills on Mailchimp, where no history names writers. A user would lose the proof that these runbooks work there, above all
 * the one of consent.
 */
describe('drills on Mailchimp', () => {
  test.each(files.map(({ id }) => id))('%s brings everything back, and opts nobody in', async (id) => {
    const result = await play(drillOf(await shipped(id), `drills/${id}.yml`), { place: 'mailchimp' });
    expect(failedOf(result), result.run.because).toEqual([]);
    expect(result.passed).toBe(true);
  });

  test('one for each runbook but the one of associations, which Mailchimp has not', async () => {
    const runbooks = await Promise.all(files.map(async ({ id }) => (await shipped(id))['runbook']));
    expect([...new Set(runbooks)].sort()).toEqual([
      'accidental-delete',
      'bad-import',
      'consent-corruption',
      'credentials-outage',
      'mass-overwrite',
      'misrouting',
      'schema-drift',
      'sync-storm',
      'wrong-send',
    ]);
  });

  test('people who stay opted in are found', async () => {
    const result = await play(drillOf({ ...(await shipped('mailchimp-opted-in')), answers: ANSWERS_OF_NOBODY }), { place: 'mailchimp' });
    expect(failedOf(result)).toEqual(expect.arrayContaining(['repaired', 'consent']));
  });

  test('archived people whom nobody said yes to stay away, and the run is no success', async () => {
    const { answers, ...drill } = await shipped('mailchimp-deleted-members');
    const result = await play(drillOf({ ...drill, answers: { ...(answers as object), review: 'yes' } }), { place: 'mailchimp' });
    expect(failedOf(result)).toEqual(['repaired']);
    expect(result.run.state).toBe('partial');
  });

  test('an edit of the same field is lost without a limit: no history tells it from the damage', async () => {
    const drill = await shipped('mailchimp-overwritten-names');
    const result = await play(drillOf({ ...drill, meanwhile: { edits: { object: MEMBERS, field: 'FNAME', share: 0.03, on: 'innocent' } } }), {
      place: 'mailchimp',
    });
    expect(failedOf(result)).toEqual(['edits_kept']);
  });
});

/** Somebody who looks at the plan and takes it for wrong. */
const ANSWERS_OF_NOBODY = { freeze: 'done', tell: 'done', fields: 'continue', review: 'undo', cause: 'done' };
