import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '../../../src/lib/index.js';
import { MAPPING, openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../../checks/faulty-sync.js';

/**
 * A workspace over a Salesforce and a HubSpot sandbox, with a sync between them that is at work all the time, and before each request: a
 * busy machine does not make it late. Close it.
 */
export interface SyncWorkspace {
  readonly dir: string;
  readonly world: SyncWorld;
  close(): Promise<void>;
}

/** `count`: records of its one test, `lifecycle`, which creates, changes and, if `deletes`, deletes them. */
export async function openSyncWorkspace({
  count,
  deletes,
  platforms,
}: {
  readonly count: number;
  readonly deletes: boolean;
  readonly platforms?: SyncWorldOptions;
}): Promise<SyncWorkspace> {
  const world = await openSyncWorld(systemClock, platforms);
  const working = setInterval(() => world.work(), 20);
  const { map, crm } = world;
  for (const sandbox of [map, crm]) sandbox.onRequest(() => world.work());
  const dir = await mkdtemp(join(tmpdir(), 'runback-touch-'));
  for (const folder of ['tests', 'mappings']) await mkdir(join(dir, folder));
  const { clientId, clientSecret } = crm.connectedApp;
  for (const [name, secret] of Object.entries({ token: map.token, id: clientId, secret: clientSecret }))
    await writeFile(join(dir, name), secret, { mode: 0o600 });
  await writeFile(join(dir, 'mappings', 'contacts.yml'), MAPPING);
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, account: "${map.account}", url: "${map.url}", credentials: { token: file:token }, objects: [contacts], limits: { requests_per_10s: 10000 }, options: { search_lag: 0s, settle: 0s } }
  salesforce: { connector: salesforce, environment: sandbox, account: ${crm.account}, url: "${crm.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [Contact] }
`,
  );
  await writeFile(
    join(dir, 'tests', 'lifecycle.yml'),
    `version: 1
id: lifecycle
title: A contact from its first to its last day
mapping: contacts
records: { count: ${count} }
steps:
  - { create: crm, within: 20s, settle: 100ms }
  - { update: crm, set: { Level__c: Won }, within: 20s, settle: 100ms }
${deletes ? '  - { delete: crm, within: 20s, settle: 100ms }\n' : ''}`,
  );
  return {
    dir,
    world,
    close: async () => {
      clearInterval(working);
      await world.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
