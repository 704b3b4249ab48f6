import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { setSchedule } from '../../src/drills/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { jsonLines, runback } from '../cli/support/child.js';
import { ANSWERS, folderFor } from './support/deps.js';

const root = join(import.meta.dirname, '../..');

const drill = (id: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    version: 1,
    id,
    title: `The drill ${id}`,
    where: { local: ['hubspot'], records: 40, seed: 5 },
    fault: { kind: 'overwrite', object: 'contacts', field: 'firstname', records: 4 },
    runbook: 'mass-overwrite',
    answers: ANSWERS,
    ...more,
  });

/** A workspace with drills and nothing else. */
async function workspace(
  drills: Readonly<Record<string, string>>,
): Promise<{ readonly folder: string; run: (...args: readonly string[]) => ReturnType<typeof runback> }> {
  const folder = await folderFor('drills');
  await mkdir(join(folder, 'drills'));
  await writeFile(join(folder, 'runback.yml'), 'version: 1\n');
  await cp(join(root, 'escalation.yml'), join(folder, 'escalation.yml'));
  for (const [id, text] of Object.entries(drills)) await writeFile(join(folder, 'drills', `${id}.yml`), text);
  return { folder, run: async (...args) => await runback(['--workspace', folder, ...args], { cwd: folder, env: { TERM: 'dumb' } }) };
}

describe('runback drill', () => {
  it('runs all drills, leaves reports for people and pipelines, and keeps what they proved', async () => {
    const { folder, run } = await workspace({ good: drill('good'), bad: drill('bad', { answers: { review: 'undo' } }) });
    const ran = await run('drill', 'run', '--all', '--report', 'reports');
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stdout).toMatch(/good +mass-overwrite +100% of 4 +0 of \d+ +.* s +passed/u);
    expect(ran.stdout).toMatch(/bad +mass-overwrite +0\.00% of 4 +0 of \d+ +.* s +failed/u);
    expect(ran.stdout).toContain('1 drill did not prove');
    expect((await readdir(join(folder, 'reports'))).sort()).toEqual(['drills.html', 'drills.json', 'junit.xml']);
    const junit = await readFile(join(folder, 'reports', 'junit.xml'), 'utf8');
    expect(junit).toMatch(/<testsuite name="good" tests="14" failures="0" errors="0" time="[\d.]+"/u);
    expect(junit).toMatch(/<testcase classname="bad" name="damage repaired"><failure message="damage repaired: 0.00% of 4 \(wanted: 100%\)"\/>/u);
    const html = await readFile(join(folder, 'reports', 'drills.html'), 'utf8');
    expect(html).toContain('<h1>2 drills</h1>');
    expect(html).toContain('Valued Customer');
    expect(JSON.parse(await readFile(join(folder, 'reports', 'drills.json'), 'utf8'))).toMatchObject({
      results: [{ drill: 'bad' }, { drill: 'good' }],
    });

    const listed = await run('drill', 'list');
    expect(listed.stdout).toMatch(/overwrite; runbook mass-overwrite; failed .*\n {2}runback drill run bad/u);
    const history = await run('drill', 'history');
    expect(history.stdout).toMatch(/^mass-overwrite\n(.*(good: passed|bad: failed)\n?){2}/u);
    const card = await run('drill', 'report', 'latest', '--to', 'card.md');
    expect(card.code).toBe(0);
    expect(await readFile(join(folder, 'card.md'), 'utf8')).toMatch(/^# Drill: The drill (good|bad)\n/u);
  });

  it('says what of a drill its stage does not know, and damages nothing', async () => {
    const automations = [{ name: 'Tell', object: 'contacts', when: { field: 'nothing_like_it' }, does: [{ mail: 'Hello', to: 'email' }] }];
    const { run } = await workspace({
      unknown: drill('unknown', { automations }),
      filled: drill('filled', { where: { local: ['salesforce'], from: 'latest' } }),
    });
    const ran = await run('--json', 'drill', 'run', 'unknown');
    expect(jsonLines(ran.stdout).at(-1)).toMatchObject({
      error: { code: 'fault-impossible', why: expect.stringContaining('contacts have no field nothing_like_it') as unknown },
    });
    expect(ran.code).not.toBe(70);
    expect(jsonLines((await run('--json', 'drill', 'run', 'filled')).stdout).at(-1)).toMatchObject({ ok: false });
  });

  it('opens one sev3, and only one, where a scheduled drill begins to fail', async () => {
    const { folder, run } = await workspace({ one: drill('one') });
    const scheduled = async (): Promise<readonly string[]> => {
      const { stdout } = await run('--json', 'drill', 'run', 'one', '--scheduled');
      const last = jsonLines(stdout).at(-1) as { readonly data: { readonly incidents: readonly string[] } };
      return last.data.incidents;
    };
    expect(await scheduled()).toEqual([]);
    await writeFile(join(folder, 'drills', 'one.yml'), drill('one', { answers: { review: 'undo' } }));
    const [incident, ...others] = await scheduled();
    expect(incident).toMatch(/^inc-/u);
    expect(others).toEqual([]);
    expect(await scheduled()).toEqual([]);
    const listed = await run('--json', 'incident', 'list');
    expect(jsonLines(listed.stdout).at(-1)).toMatchObject({
      data: { incidents: [{ id: incident, title: 'Drill one no longer passes', severity: 'sev3' }] },
    });
  });

  it('the daemon runs what is due, once, and says when it is due again', async () => {
    const { folder, run } = await workspace({ one: drill('one') });
    expect((await run('drill', 'schedule', '--every', '5m')).code).toBe(64);
    expect((await run('drill', 'schedule', '--every', '30d', 'one')).stdout).toMatch(/^one: every 30d, next /u);
    const store = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor() });
    await setSchedule(store, { every: '30d', drills: ['one'], by: 'maya' }, new Date('2026-01-01T00:00:00.000Z'));
    const daemon = await run('daemon', '--once');
    expect(daemon.stdout + daemon.stderr).toContain('The scheduled drills have ended with status 0.');
    expect((await run('drill', 'schedule')).stdout).toMatch(/^one: every 30d, next .*\(in (29|30) d/u);
    expect((await run('drill', 'list')).stdout).toContain('passed');
    expect((await run('drill', 'schedule', '--off')).stdout).toContain('No drill runs automatically');
  });

  it('says of each runbook whether a drill has proved it', async () => {
    const { folder, run } = await workspace({ one: drill('one') });
    await mkdir(join(folder, 'runbooks'));
    await cp(join(root, 'runbooks', 'mass-overwrite.yml'), join(folder, 'runbooks', 'mass-overwrite.yml'));
    expect((await run('runbook', 'list')).stdout).toContain('never proven by a drill');
    expect((await run('drill', 'run', 'one')).code).toBe(0);
    expect((await run('runbook', 'list')).stdout).toContain('last proven');
    await writeFile(
      join(folder, 'runbooks', 'mass-overwrite.yml'),
      `${await readFile(join(folder, 'runbooks', 'mass-overwrite.yml'), 'utf8')}# changed\n`,
    );
    expect((await run('runbook', 'list')).stdout).toContain('changed since it was last proven');
  });

  it('names line, column and the nearest word of what is wrong in a drill', async () => {
    const wrong =
      'version: 1\nid: one\ntitle: One\nwhere: { local: [hubspt] }\nfault: { kind: overwrite, object: contacts, field: firstname }\nrunbook: mass-overwrite\n';
    const { run } = await workspace({ one: wrong });
    const { code, stderr } = await run('drill', 'run', 'one');
    expect(code).toBe(65);
    expect(stderr).toMatch(/one\.yml:4:18/u);
    expect(stderr).toContain('hubspot');
  });
});
