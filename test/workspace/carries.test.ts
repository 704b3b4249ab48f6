import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { loadWorkspace } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';

const GOOD = `{ between: { crm: hubspot/contacts, store: warehouse/public.people }, match: [{ crm: email, store: key, as: email }], fields: [{ crm: city, store: town, authority: store }] }`;

async function load(entry: string): ReturnType<typeof loadWorkspace> {
  const dir = await temporaryFolder();
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, credentials: { token: env:TOKEN } }
  warehouse: { connector: postgres, environment: sandbox, url: env:URL }
syncs:
  feed: { controller: command, writes_to: [warehouse], carries: [${entry}] }
`,
  );
  return await loadWorkspace(dir);
}

it('what a sync carries is read with both sides in their order, and is no setting of its driver', async () => {
  const { feed } = (await load(GOOD)).config.syncs;
  expect(feed?.options).toEqual({});
  expect(feed?.carries).toEqual([
    {
      sides: [
        { name: 'crm', platform: 'hubspot', object: 'contacts', match: 'email' },
        { name: 'store', platform: 'warehouse', object: 'public.people', match: 'key' },
      ],
      asEmail: true,
      fields: [{ names: ['city', 'town'], authority: 1 }],
    },
  ]);
});

it.each([
  ['a platform that is not there', GOOD.replace('warehouse/', 'warehose/'), 'there is no platform "warehose", did you mean "warehouse"?'],
  ['one side', GOOD.replace(', store: warehouse/public.people', ''), 'names 1 sides'],
  ['one object type twice', GOOD.replace('warehouse/public.people', 'hubspot/contacts'), 'names one object type twice'],
  ['a field of one side only', GOOD.replace('crm: city, ', ''), 'names no field of "crm"'],
  ['a key of mappings that is not understood yet', GOOD.replace('authority: store', 'values: x'), '"values" is no side of this entry'],
  ['an authority that is no side', GOOD.replace('authority: store', 'authority: hubspot'), '"hubspot" is not known here'],
  ['a form that is not known', GOOD.replace('as: email', 'as: phone'), '"phone" is not known here'],
  ['a place without an object type', GOOD.replace('hubspot/contacts', 'hubspot'), 'is no object type of a platform'],
])('%s is refused where it stands, and not taken for something else', async (_, entry, words) => {
  await expect(load(entry)).rejects.toMatchObject({ code: 'file-invalid' });
  const error: unknown = await load(entry).catch((thrown: unknown) => thrown);
  expect(`${(error as Error).message}\n${String((error as { why?: string }).why)}`).toContain(words);
});
