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
