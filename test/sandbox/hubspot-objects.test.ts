import { Client } from '@hubspot/api-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startHubSpotSandbox, type HubSpotSandbox } from '../../src/sandbox/index.js';

describe("records through the vendor's own client", () => {
  let sandbox: HubSpotSandbox;
  let client: Client;

  beforeEach(async () => {
    sandbox = await startHubSpotSandbox({ limits: { per10s: 10_000 }, account: { tellsCleared: true } });
    client = new Client({ accessToken: sandbox.token, basePath: sandbox.url });
  });
  afterEach(() => sandbox.stop());

  it('creates, reads, changes, lists and archives a contact', async () => {
    const created = await client.crm.contacts.basicApi.create({
      properties: { email: 'Ada@Example.com', firstname: 'Ada', phone: '+1 (555) 010' },
      associations: [],
    });
    expect(created.properties.email).toBe('ada@example.com');
    const changed = await client.crm.contacts.basicApi.update(created.id, { properties: { firstname: 'Ada L.', phone: '' } });
    expect(changed.properties).toMatchObject({ firstname: 'Ada L.', phone: '' });
    const read = await client.crm.contacts.basicApi.getById(created.id, ['firstname', 'phone', 'no_such_property'], ['firstname']);
    expect(read.properties).toMatchObject({ firstname: 'Ada L.', phone: '', hs_object_id: created.id });
    expect(read.properties).not.toHaveProperty('no_such_property');
    expect(read.propertiesWithHistory?.firstname?.map((each) => each.value)).toEqual(['Ada L.', 'Ada']);
    const page = await client.crm.contacts.basicApi.getPage(10);
    expect(page.results.map((each) => each.id)).toEqual([created.id]);
    await client.crm.contacts.basicApi.archive(created.id);
    await expect(client.crm.contacts.basicApi.getById(created.id)).rejects.toMatchObject({ code: 404 });
    const archived = await client.crm.contacts.basicApi.getById(created.id, undefined, undefined, undefined, true);
    expect(archived.archived).toBe(true);
  });
});
