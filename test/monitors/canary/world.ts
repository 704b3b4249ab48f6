import { parseTest } from '../../../src/checks/index.js';
// A Salesforce and a HubSpot account that play production, a sync between them, and the canary of the flow.
import { openPlatform, type Platform, underLockIn } from '../../../src/connectors/index.js';
import { type CallOptions, Redactor } from '../../../src/lib/index.js';
import { parseMapping } from '../../../src/mappings/index.js';
import { type Canary, canaryOf, type CanaryDeps, type CanaryResult, rivalsOf, runCanary } from '../../../src/monitors/canary/index.js';
import { text } from '../../../src/sandbox/hubspot/properties/definition.js';
import { type HubSpotSandbox, type SalesforceSandbox, startHubSpotSandbox, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import type { PlatformConfig } from '../../../src/workspace/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { temporaryFolder } from '../../support/store.js';

export const MAPPING = `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: Email, map: email, as: email }]
on_delete: { crm: kept in map }
fields:
  - { crm: FirstName, map: firstname, authority: crm }
  - { crm: LastName, map: lastname, authority: crm }
  - { crm: Canary__c, map: canary_text, authority: crm }
`;

export const ADDRESS = 'canary@example.com';
export const NAME = 'runback-canary-contacts';

/** The file of the canary of that mapping. */
export const canaryFile = (crm: string, map: string, more = ''): string => `version: 1
id: canary-contact
title: A contact from the CRM to the marketing platform
mapping: contacts
canary:
  write: crm
  key: "${crm}"
  known_by: { Email: ${ADDRESS}, LastName: ${NAME} }
  field: Canary__c
  arrives: { key: "${map}" }
  within: 5m
${more}`;

const SYNC = { kind: 'integration', id: '900', label: 'CRM to map' } as const;
const PERSON = { kind: 'person', id: '77' } as const;

export interface CanaryWorld {
  readonly clock: SharedClock;
  readonly crm: SalesforceSandbox;
  readonly map: HubSpotSandbox;
  /** Keys of the canary and of its copy. */
  readonly keys: { readonly crm: string; readonly map: string };
  readonly store: Store;
  /** How the sync behaves: how long a change takes, and what it makes of the text; undefined: it carries nothing. */
  sync: { readonly lagMs: number; readonly make: (text: string) => string } | undefined;
  canary(more?: string): Canary;
  run(canary?: Canary, others?: readonly Canary[]): Promise<CanaryResult>;
  deps(canary: Canary, others?: readonly Canary[]): CanaryDeps;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly scopes?: readonly string[];
}

/** Opens it: 20 other contacts on each side, and the canary on both. */
export async function openCanaryWorld(options: WorldOptions = {}): Promise<CanaryWorld> {
  let tick = (): void => undefined;
  class WorkingClock extends SharedClock {
    override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await super.sleep(ms, signal);
      tick();
    }
  }
  const clock = new WorkingClock();
  const map = await startHubSpotSandbox({ seed: 3, clock, accountType: 'STANDARD', limits: { perDay: 1_000_000 }, ...options });
  map.portal.types.get('contacts').properties.set('canary_text', text('canary_text', 'Canary text', { hubspotDefined: false }));
  const crm = await startSalesforceSandbox({
    clock,
    facts: { isSandbox: false },
    limits: { perDay: 1_000_000 },
    description: { fields: { Contact: [{ name: 'Canary__c', type: 'string', label: 'Canary text', length: 40 }] } },
  });
  for (let n = 0; n < 20; n += 1) {
    crm.writeAs(PERSON).create('Contact', { LastName: `Person ${n}`, Email: `person${n}@example.com` });
    map.writeAs(PERSON).create('contacts', { lastname: `Person ${n}`, email: `person${n}@example.com` });
  }
  const keys = {
    crm: crm.writeAs(PERSON).create('Contact', {
      FirstName: 'Canary',
      LastName: NAME,
      Email: ADDRESS,
      HasOptedOutOfEmail: 'true',
      DoNotCall: 'true',
      Canary__c: 'none yet',
    }),
    map: map
      .writeAs(PERSON)
      .create('contacts', { firstname: 'Canary', lastname: NAME, email: ADDRESS, hs_email_optout: 'true', canary_text: 'none yet' }),
  };
  crm.resetCounts();
  map.resetCounts();
  const dir = await temporaryFolder();
  const store = openFileStore({ dir, clock, redactor: new Redactor() });
  let waiting: { readonly text: string; readonly until: number } | undefined;
  tick = () => {
    const held = crm.truth().record('Contact', keys.crm)?.['Canary__c'];
    const { sync } = world;
    if (sync === undefined || held === undefined) return;
    if (waiting?.text !== held) waiting = { text: held, until: clock.monotonicMs() + sync.lagMs };
    const made = sync.make(held);
    if (clock.monotonicMs() < waiting.until || map.truth().record('contacts', keys.map)?.['canary_text'] === made) return;
    if (map.truth().record('contacts', keys.map) === undefined) return;
    map.writeAs(SYNC).update('contacts', keys.map, { canary_text: made });
  };
  const secrets: Readonly<Record<string, string>> = { token: map.token, session: crm.token };
  const config = (name: string): PlatformConfig =>
    ({
      name,
      connector: name,
      environment: 'production',
      ...(name === 'hubspot'
        ? { account: map.account, url: map.url, credentials: { token: 'file:token' }, limits: { requests_per_10s: 100_000 } }
        : { account: crm.account, url: crm.url, credentials: { token: 'file:session' }, limits: {} }),
      options: {},
    }) as unknown as PlatformConfig;
  const open = async (name: string, call: CallOptions): Promise<Platform> =>
    await openPlatform(
      config(name),
      { secret: async (ref) => await Promise.resolve(secrets[ref.slice('file:'.length)] ?? ''), clock, environment: {}, writes: underLockIn(store) },
      call,
    );
  const world: CanaryWorld = {
    clock,
    crm,
    map,
    keys,
    store,
    sync: { lagMs: 20_000, make: (given) => given },
    canary: (more) => {
      const test = parseTest(canaryFile(keys.crm, keys.map, more), 'tests/canary-contact.yml');
      if (test.kind !== 'canary') throw new Error('no canary');
      return canaryOf(test, parseMapping(MAPPING, 'mappings/contacts.yml'));
    },
    deps: (canary, others = []) => ({ store, clock, by: 'monitor', openPlatform: open, rivals: rivalsOf(canary, others), call: {} }),
    run: async (canary = world.canary(), others = []) => await runCanary(canary, world.deps(canary, others)),
    close: async () => {
      await Promise.all([crm.stop(), map.stop()]);
    },
  };
  return world;
}

/** Writes that came by the API, by the accounts' own records: what people and the sync of the test write has no request. */
export const apiWrites = ({ crm, map }: Pick<CanaryWorld, 'crm' | 'map'>): readonly string[] => [
  ...crm.writes().flatMap(({ request, action, object, id }) => (request === undefined ? [] : [`${action} ${object} ${id}`])),
  ...map.writes().flatMap(({ request, action, object, id }) => (request === undefined ? [] : [`${action} ${object} ${id}`])),
];

/** Everything that both accounts hold but the two cells of the canary. */
export function restOf({ crm, map, keys }: Pick<CanaryWorld, 'crm' | 'map' | 'keys'>): string {
  const of = (
    records: Iterable<{ readonly key: string; readonly values: Readonly<Record<string, string | undefined>> }>,
    key: string,
    field: string,
  ): unknown => [...records].map((record) => (record.key === key ? { ...record, values: { ...record.values, [field]: '' } } : record));
  return JSON.stringify([of(crm.truth().records('Contact'), keys.crm, 'Canary__c'), of(map.truth().records('contacts'), keys.map, 'canary_text')]);
}
