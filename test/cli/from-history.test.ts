import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { integration, person } from '../../src/sandbox/index.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace } from './support/workspace.js';

const flat = ({ stdout, stderr }: Finished): string => `${stderr}${stdout}`.replaceAll(/\s+/gu, ' ');

/** A user would lose: everything, where the first incident comes before the first snapshot. */
test('without a snapshot: who wrote is told, a writer has to be named, and the plan says what history does not cover', async () => {
  const workspace = await openWorkspace(60);
  try {
    const { sandbox, contacts, dir, title } = workspace;
    const go = (...args: string[]): Promise<Finished> => runHere(['restore', ...args, '--no-input'], { cwd: dir });
    const last = async (...args: string[]): Promise<Record<string, unknown>> => jsonLines((await go(...args, '--json')).stdout).at(-1) ?? {};
    const since = new Date(Date.now() - 1000).toISOString();
    const before = workspace.damage(40, 'Overwritten');
    sandbox.writeAs(person(7)).update('contacts', contacts[50] ?? '', { jobtitle: 'Head of Sales' });
    sandbox.writeAs(integration('4471120', 'MarketSync')).create('contacts', { email: 'made@example.com' });
    const from = ['plan', '--platform', 'hubspot', '--from-history'];

    expect(await last(...from)).toMatchObject({ error: { code: 'usage', data: { limit: 'since' } } });
    const asked = await last(...from, '--since', since);
    expect(asked).toMatchObject({
      error: {
        code: 'usage',
        next: expect.stringContaining('--suspect INTEGRATION:4471120') as unknown,
        data: { limit: 'suspects', writers: expect.arrayContaining([expect.objectContaining({ writer: 'CRM_UI:userId:7', values: 1 })]) as unknown },
      },
    });
    expect(flat(await go(...from, '--since', since))).toMatch(/INTEGRATION:4471120 wrote \d+ values \(contacts jobtitle 40/u);
    expect(await last(...from, '--since', since, '--suspect', 'x', '--base', 'latest')).toMatchObject({
      error: { code: 'usage', message: '--base and --from-history exclude each other' },
    });
    expect(await last('plan', '--set', 'latest', '--from-history')).toMatchObject({ error: { code: 'usage' } });

    const made = await last(...from, '--since', since, '--suspect', 'INTEGRATION:4471120');
    expect(made).toMatchObject({
      ok: true,
      data: {
        history: { objects: [{ object: 'contacts', of: 61, written: 41 }] },
        notCovered: [
          { object: 'contacts', extent: 'created', records: 1 },
          { object: 'contacts', extent: 'links' },
          { object: 'contacts', extent: 'consent' },
        ],
      },
    });
    const shown = flat(await go('show', 'latest'));
    expect(shown).toContain("by the platform's own history (no snapshot)");
    expect(shown).toMatch(/Read contacts: history of \d+ of 61 records read; the incident wrote to 41/u);
    expect(shown).toContain('contacts, new records: 1 record: the incident created them');
    const { header } = { header: (made as { readonly data: { readonly id: string; readonly counts: { readonly records: number } } }).data };
    expect(await last('apply', header.id, '--confirm', `sandbox:${header.counts.records}`)).toMatchObject({ ok: true, data: { state: 'done' } });
    expect(contacts.slice(0, 40).map((id) => title(id))).toEqual([...before.values()]);
    expect(title(contacts[50] ?? '')).toBe('Head of Sales');
    expect(await last('verify', header.id)).toMatchObject({ ok: true, data: { remaining: 0 } });
    expect(await last('undo', 'latest')).toMatchObject({ ok: true, data: { state: 'undone' } });
    expect(new Set(contacts.slice(0, 40).map((id) => title(id)))).toEqual(new Set(['Overwritten']));
  } finally {
    await workspace.close();
  }
});

/** A user would lose: the names. Nobody can look into a list of numbers, and without a snapshot only the platform knows them. */
test('without a snapshot the records of a plan, and what is left of it, are named all the same', async () => {
  const workspace = await openWorkspace(20);
  try {
    const { sandbox, contacts, dir } = workspace;
    const go = (...args: string[]): Promise<Finished> => runHere(['restore', ...args, '--no-input'], { cwd: dir });
    const file = async (name: string, ...args: string[]): Promise<string> => {
      expect((await go(...args, '--to', join(dir, name))).stderr).toBe('');
      return await readFile(join(dir, name), 'utf8');
    };
    const wrong = integration('4471120', 'MarketSync');
    const update = (n: number, properties: Record<string, string>, who = wrong): void => {
      sandbox.writeAs(who).update('contacts', contacts[n] ?? '', properties);
    };
    const names = ['Ann Lee', 'Bo Day', 'Cy Fox'];
    for (const [n, name] of names.entries()) {
      const [firstname = '', lastname = ''] = name.split(' ');
      update(n, { firstname, lastname, email: `${firstname.toLowerCase()}@example.com` }, person(7));
    }
    // The damage begins in a later millisecond.
    await setTimeout(5);
    const since = new Date().toISOString();
    // The damage took a name: the one that comes back counts.
    update(0, { lastname: 'Customer' });
    update(1, { jobtitle: 'Overwritten' });
    update(2, { jobtitle: 'Overwritten' });
    update(1, { jobtitle: 'Edited since' }, person(7));
    const made = await go('plan', '--platform', 'hubspot', '--from-history', '--since', since, '--suspect', 'INTEGRATION:4471120');
    for (const name of names) expect(flat(made)).toContain(name.slice(0, 5));
    const [, row = ''] = (await file('left.csv', 'left', 'latest')).split('\r\n');
    expect(row.startsWith('Bo Day,bo@example.com,')).toBe(true);
    expect(await file('left.html', 'left', 'latest')).toContain('Bo Day');
    expect(flat(await go('left', 'latest'))).toContain('Bo Day');
    for (const name of ['plan.csv', 'plan.html']) {
      const shown = await file(name, 'show', 'latest', '--personal');
      expect(shown).toContain('Ann Lee');
      expect(shown).not.toContain('Ann Customer');
    }
    // Unless asked for, a plan for other eyes names nobody.
    for (const name of ['masked.csv', 'masked.html']) expect(await file(name, 'show', 'latest')).not.toContain('Ann Lee');
    const last = jsonLines((await go('show', 'latest', '--json')).stdout).at(-1) as {
      readonly data: { readonly counts: { readonly records: number } };
    };
    update(2, { jobtitle: 'Edited before it is applied' }, person(7));
    await go('apply', 'latest', '--confirm', `sandbox:${last.data.counts.records}`);
    expect((await file('after.csv', 'left', 'latest')).split('\r\n').filter((line) => line.startsWith('Cy Fox,'))).toHaveLength(1);
    sandbox.writeAs(wrong).update('contacts', contacts[0] ?? '', { lastname: 'Customer' });
    expect(flat(await go('verify', 'latest'))).toContain('Ann Lee');
  } finally {
    await workspace.close();
  }
});
