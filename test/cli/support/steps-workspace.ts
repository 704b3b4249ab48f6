import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SyncFault, SyncWorld } from '../../checks/faulty-sync.js';
import { openSyncWorkspace, type SyncWorkspace } from './sync-workspace.js';

/** Tests of other kinds over the same two platforms, by the name of their file. */
const TESTS = {
  import: `title: Many people at once
mapping: contacts
records: { count: 30 }
steps:
  - { import: crm, edge: true, within: 20s, settle: 100ms }
`,
  copies: `title: Copies are changed and deleted
mapping: contacts
records: { count: 5 }
steps:
  - { create: crm, within: 20s, settle: 100ms }
  - { update: map, set: { fax: "1" }, within: 20s, settle: 100ms }
  - { delete: map, expect: kept, within: 500ms, settle: 100ms }
`,
  events: `title: A call about each
mapping: contacts
records: { count: 5 }
steps:
  - { create: crm, within: 20s, settle: 100ms }
  - { activity: crm, in: Task, about: WhoId, set: { Subject: "Called {mark}" }, shown: { in: hubspot, shows: call }, moves: [map.lastmodifieddate], within: 20s, settle: 100ms }
`,
  trigger: `title: Whoever is to be called is called
mapping: contacts
settle: 100ms
trigger:
  on: crm
  when: Title == "go"
  fires: { in: salesforce/Task, about: WhoId }
  within: 1500ms
`,
} as const;

export type StepsTest = keyof typeof TESTS;

/** Which records there are, with what stands in them. */
export type Census = Readonly<Record<string, readonly string[]>>;

export interface StepsWorkspace extends SyncWorkspace {
  readonly census: () => Census;
  /** A contact whose title becomes "go" gets a task; twice where it is at fault. */
  callOnGo(fault?: 'none' | 'twice' | 'never'): void;
  /** Tells the marketing platform of each task. */
  tellOfTasks(): void;
}

const AUTOMATION = { kind: 'integration', id: '951', label: 'Calls' } as const;

/** With people whom no test has made, on both sides, and a task about one of them. */
export async function openStepsWorkspace(fault: SyncFault = 'none'): Promise<StepsWorkspace> {
  const workspace = await openSyncWorkspace({ count: 2, deletes: false });
  const { world, dir } = workspace;
  world.fault = fault;
  for (const [id, text] of Object.entries(TESTS)) await writeFile(join(dir, 'tests', `${id}.yml`), `version: 1\nid: ${id}\n${text}`);
  const writer = world.crm.writeAs({ kind: 'person', id: '7' });
  const twin = writer.create('Contact', { LastName: 'a', FirstName: 'José', Title: 'go', Email: 'rb-twin@example.com' });
  writer.create('Task', { Subject: 'Called', WhoId: twin });
  world.map.writeAs({ kind: 'person', id: '7' }).create('contacts', { lastname: 'a', email: 'rb-other@example.com' });
  // Its copy is there before anything is counted.
  world.work();
  return {
    ...workspace,
    census: () => censusOf(world),
    tellOfTasks: () => {
      const told = new Set([...world.crm.truth().records('Task')].map(({ key }) => key));
      world.also = () => {
        for (const { key, values } of world.crm.truth().records('Task')) {
          const contact = world.copies().get(values['WhoId'] ?? '');
          if (told.has(key) || contact === undefined || world.map.truth().record('contacts', contact) === undefined) continue;
          told.add(key);
          world.map.portal.activities.add({
            type: 'calls',
            at: world.map.now().getTime(),
            subject: values['Subject'] ?? '',
            source: { type: 'INTEGRATION', id: AUTOMATION.id },
            contacts: [contact],
          });
          world.map.writeAs(AUTOMATION).update('contacts', contact, { fax: key });
        }
      };
    },
    callOnGo: (wrong = 'none') => {
      const was = new Map<string, string | undefined>([[twin, 'go']]);
      world.also = () => {
        for (const { key, values } of world.crm.truth().records('Contact')) {
          const title = values['Title'];
          if (title === 'go' && was.get(key) !== 'go' && wrong !== 'never') {
            world.crm.writeAs(AUTOMATION).create('Task', { Subject: 'Call', WhoId: key });
            if (wrong === 'twice') world.crm.writeAs(AUTOMATION).create('Task', { Subject: 'Call', WhoId: key });
          }
          was.set(key, title);
        }
      };
    },
  };
}

function censusOf({ crm, map }: SyncWorld): Census {
  const of = (name: string, records: Iterable<{ readonly key: string; readonly values: object }>): readonly [string, readonly string[]] => [
    name,
    [...records].map(({ key, values }) => `${key} ${JSON.stringify(values)}`).sort(),
  ];
  return Object.fromEntries([
    of('Contact', crm.truth().records('Contact')),
    of('Task', crm.truth().records('Task')),
    of('contacts', map.truth().records('contacts')),
  ]);
}
