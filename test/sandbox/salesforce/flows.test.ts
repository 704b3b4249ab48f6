import { expect, test } from 'vitest';

import { bench } from './support.js';

/** A user would lose the one way to stop a flow before a restore. */
test('flows are listed without what only one of them tells, and switched off and on by their active version', async () => {
  const { conn, sandbox } = await bench();
  for (const id of ['a', 'b'])
    sandbox.automate({
      id,
      name: `Flow ${id}`,
      object: 'Account',
      enabled: true,
      when: { on: 'create' },
      does: [{ do: 'set', values: { Site: id } }],
    });
  const list = await conn.tooling.query('SELECT Id, MasterLabel, ActiveVersionId FROM FlowDefinition');
  expect(list.records.map(({ MasterLabel: name }) => name as string)).toEqual(['Flow a', 'Flow b']);
  await expect(conn.tooling.query('SELECT Id, Metadata FROM FlowDefinition')).rejects.toThrow('no more than one row');
  const [first] = list.records as readonly { readonly Id?: string }[];
  const path = `/services/data/v${conn.version}/tooling/sobjects/FlowDefinition/${first?.Id ?? ''}`;
  await conn.requestPatch(path, { Metadata: { activeVersionNumber: 0 } });
  expect(sandbox.automations().map(({ enabled }) => enabled)).toEqual([false, true]);
  expect(await conn.request(path)).toMatchObject({ ActiveVersionId: null, Metadata: { activeVersionNumber: null } });
  await conn.requestPatch(path, { Metadata: { activeVersionNumber: 1 } });
  expect(sandbox.automations().map(({ enabled }) => enabled)).toEqual([true, true]);
});
