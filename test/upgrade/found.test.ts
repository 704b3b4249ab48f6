import { afterEach, describe, expect, test } from 'vitest';

import { investigationSchema } from '../../src/investigations/index.js';
import { type Kept, openKept, versions } from './support.js';

/** A user would lose: what was found out before the update, and the restore of it that was half-way on that day. */

let kept: Kept;
afterEach(() => kept.close());

async function done(...args: string[]): Promise<Record<string, unknown>> {
  const { code, data } = await kept.json(...args);
  expect(code, `runback ${args.join(' ')}\n${JSON.stringify(data)}`).toBe(0);
  return data;
}

describe.each(await versions('found'))('what %s found out', (version) => {
  test('is shown and planned again, and its half-applied restore is resumed, verified and undone', async () => {
    kept = await openKept(version, 'found');
    const { investigation = '', group = 0, plan = '', restore = '', truth } = kept.story;
    const shown = await kept.json('investigate', '--show', investigation);
    expect(shown).toMatchObject({ code: 2, data: { id: investigation, start: { value: 'Intern', groups: [group] } } });
    expect(investigationSchema.safeParse(shown.data)).toMatchObject({ success: true });
    expect(kept.titles()).not.toEqual(truth.untouched);
    await done('restore', 'resume', restore);
    expect(kept.titles()).toEqual(truth.restored);
    await done('restore', 'verify', plan);
    await done('restore', 'undo', restore, '--yes');
    expect(kept.titles()).toEqual(truth.untouched);
    // The same groups make the same plan today.
    const before = await done('restore', 'show', plan);
    const again = await done('restore', 'plan', '--investigation', investigation, '--group', String(group));
    expect(again['filters']).toEqual(before['filters']);
    expect(again['counts']).toMatchObject({ records: 15 });
  });

  test('a plan from history of that day can be read, and made again from what the platform knows', async () => {
    kept = await openKept(version, 'found');
    const { history = '', restore = '', truth } = kept.story;
    const before = await done('restore', 'show', history);
    expect(before).toMatchObject({ id: history, counts: { records: 15 } });
    await done('restore', 'undo', restore, '--yes');
    expect(kept.titles()).toEqual(truth.untouched);
    const { since = '', suspects = [] } = before['filters'] as { readonly since?: string; readonly suspects?: readonly string[] };
    const window = ['--platform', 'hubspot', '--from-history', '--since', since, '--suspect', String(suspects[0])];
    expect(await done('restore', 'plan', ...window)).toMatchObject({ counts: { records: 15 } });
  });
});
