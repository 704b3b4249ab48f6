// Salesforce and HubSpot sandboxes with a sync that goes both ways, and the races that can be planted in it.
import { openPlatform, type Platform } from '../../../src/connectors/index.js';
import {
  type HubSpotSandbox,
  type SalesforceSandbox,
  startHubSpotSandbox,
  startSalesforceSandbox,
  type TrueValues,
} from '../../../src/sandbox/index.js';
import type { PlatformConfig } from '../../../src/workspace/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { randomFrom } from '../history.js';

/** Races, each with every record. */
export const RACES = ['lost-update', 'stale-overwrite', 'written-back', 'partial-write', 'old-value-for-a-moment'] as const;
export type Race = (typeof RACES)[number] | 'none';

export const RACE_MAPPING = `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: Email, map: email, as: email }]
settle: 1m
creates: [map]
fields:
  - { crm: FirstName, map: firstname, authority: crm }
  - { crm: LastName, map: lastname, authority: crm, blank: refuse }
  - { crm: Email, map: email, authority: crm, as: email }
  - { crm: Title, map: jobtitle, authority: crm }
  - { crm: MobilePhone, map: mobilephone, authority: map, as: exact }
  - { crm: MailingCity, map: city, two_way: reps and forms both correct it, wins: newest }
`;

const SYNC = { kind: 'integration', id: '900', label: 'Both ways' } as const;

interface Pair {
  readonly crm: string;
  readonly map: string;
  /** What the sync knows of each field on both sides. */
  readonly known: Map<string, readonly [string, string]>;
  /** When each side was changed last, by a count of all changes. */
  readonly changed: Map<string, [number, number]>;
  /** What each field was on its first side before the last change. */
  readonly before: Map<string, string>;
}

const FIELDS = [
  { crm: 'Title', map: 'jobtitle', goes: 'right' },
  { crm: 'MobilePhone', map: 'mobilephone', goes: 'left' },
  { crm: 'MailingCity', map: 'city', goes: 'both' },
] as const;
type Field = (typeof FIELDS)[number];

export interface RaceWorld {
  readonly clock: SharedClock;
  readonly crm: SalesforceSandbox;
  readonly map: HubSpotSandbox;
  readonly openPlatform: (name: string) => Promise<Platform>;
  race: Race;
  close(): Promise<void>;
}

export async function openRaceWorld(seed: number): Promise<RaceWorld> {
  let tick = (): void => undefined;
  class WorkingClock extends SharedClock {
    override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await super.sleep(ms, signal);
      tick();
    }
  }
  const clock = new WorkingClock(Date.now());
  const map = await startHubSpotSandbox({ seed: 11, clock });
  const crm = await startSalesforceSandbox({ clock, limits: { perDay: 1_000_000 } });
  const sync = new BothWays(crm, map, randomFrom(seed));
  crm.onApplied(() => sync.notice());
  map.onApplied(() => sync.notice());
  const opened: Platform[] = [];
  const secrets: Readonly<Record<string, string>> = { token: map.token, id: crm.connectedApp.clientId, secret: crm.connectedApp.clientSecret };
  const configs: Readonly<Record<string, object>> = {
    hubspot: {
      connector: 'hubspot',
      account: map.account,
      url: map.url,
      credentials: { token: 'file:token' },
      limits: { requests_per_10s: 10_000 },
      options: { search_lag: '0s' },
    },
    salesforce: {
      connector: 'salesforce',
      account: crm.account,
      url: crm.url,
      credentials: { client_id: 'file:id', client_secret: 'file:secret' },
      limits: {},
      options: {},
    },
  };
  const world: RaceWorld = {
    clock,
    crm,
    map,
    race: 'none',
    openPlatform: async (name) => {
      const config = { ...configs[name], name, environment: 'sandbox' } as unknown as PlatformConfig;
      const platform = await openPlatform(config, {
        secret: async (ref) => await Promise.resolve(secrets[ref.slice('file:'.length)] ?? ''),
        clock,
        environment: {},
        writes: 'private',
      });
      opened.push(platform);
      return platform;
    },
    close: async () => {
      await Promise.all(opened.map(async (platform) => await platform.close()));
      await Promise.all([crm.stop(), map.stop()]);
    },
  };
  tick = () => sync.work(world.race);
  return world;
}

/** Notes who changed what after what, and carries it some time later. */
class BothWays {
  readonly #pairs = new Map<string, Pair>();
  #count = 0;

  constructor(
    private readonly crm: SalesforceSandbox,
    private readonly map: HubSpotSandbox,
    private readonly random: () => number,
  ) {}

  notice(): void {
    for (const pair of this.#pairs.values()) {
      const [left, right] = this.#now(pair);
      for (const field of FIELDS) {
        const now = [left?.[field.crm] ?? '', right?.[field.map] ?? ''] as const;
        const known = pair.known.get(field.crm) ?? now;
        const at = pair.changed.get(field.crm) ?? [0, 0];
        for (const side of [0, 1] as const)
          if (now[side] !== known[side]) {
            this.#count += 1;
            at[side] = this.#count;
            if (side === (field.goes === 'left' ? 1 : 0)) pair.before.set(field.crm, known[side]);
          }
        pair.known.set(field.crm, now);
        pair.changed.set(field.crm, at);
      }
    }
  }

  work(race: Race): void {
    for (const { key, values } of this.crm.truth().records('Contact')) if (!this.#pairs.has(key)) this.#make(key, values);
    this.notice();
    for (const pair of this.#pairs.values()) if (this.random() < 0.6) for (const field of FIELDS) this.#carry(pair, field, race);
  }

  #make(key: string, values: TrueValues): void {
    const of = (name: string): string | null => values[name] ?? null;
    const copy = this.map.writeAs(SYNC).create('contacts', {
      firstname: of('FirstName'),
      lastname: of('LastName'),
      email: of('Email'),
      jobtitle: of('Title'),
      city: of('MailingCity'),
    });
    this.#pairs.set(key, { crm: key, map: copy, known: new Map(), changed: new Map(), before: new Map() });
  }

  #carry(pair: Pair, field: Field, race: Race): void {
    const [left, right] = pair.changed.get(field.crm) ?? [0, 0];
    pair.changed.set(field.crm, [0, 0]);
    if (left === 0 && right === 0) return;
    const from = field.goes === 'right' ? 0 : field.goes === 'left' ? 1 : left > right ? 0 : 1;
    if ((from === 0 ? left : right) === 0) return;
    const value = pair.known.get(field.crm)?.[from] ?? '';
    if (race === 'lost-update' && field.crm === 'Title') return;
    // Of what a form wrote at once, one field arrives and the other does not.
    if (race === 'partial-write' && field.crm === 'MobilePhone') return;
    const old = pair.before.get(field.crm) ?? '';
    if (race === 'written-back' && field.crm === 'Title' && old !== '') {
      this.#write(pair, field, 0, old);
      return this.#write(pair, field, 1, old);
    }
    if (race === 'old-value-for-a-moment' && field.crm === 'MobilePhone' && old !== '') {
      this.#write(pair, field, 1, old);
      this.#write(pair, field, 1, value);
    }
    this.#write(pair, field, from === 0 ? 1 : 0, race === 'stale-overwrite' && field.crm === 'Title' ? old : value);
  }

  #write(pair: Pair, field: Field, side: 0 | 1, value: string): void {
    const set = value === '' ? null : value;
    if (side === 0) this.crm.writeAs(SYNC).update('Contact', pair.crm, { [field.crm]: set });
    else this.map.writeAs(SYNC).update('contacts', pair.map, { [field.map]: set });
    const [left, right] = pair.known.get(field.crm) ?? ['', ''];
    pair.known.set(field.crm, side === 0 ? [value, right] : [left, value]);
  }

  #now(pair: Pair): readonly [TrueValues | undefined, TrueValues | undefined] {
    return [this.crm.truth().record('Contact', pair.crm), this.map.truth().record('contacts', pair.map)];
  }
}
