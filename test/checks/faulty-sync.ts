// A sync from a Salesforce sandbox to a HubSpot one, and what can be wrong with it.
import { openPlatform, type Platform } from '../../src/connectors/index.js';
import type { Clock } from '../../src/lib/index.js';
import {
  type HubSpotSandbox,
  type HubSpotSandboxOptions,
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
  startHubSpotSandbox,
  startSalesforceSandbox,
} from '../../src/sandbox/index.js';
import type { PlatformConfig } from '../../src/workspace/index.js';
import { SharedClock } from '../connectors/hubspot-support.js';
import { randomFrom } from './history.js';

/** What a sync can do wrong, each on every third record. */
export const FAULTS = [
  'value-swapped',
  'truncated',
  'option-dropped',
  'one-of-several-lost',
  'doubled',
  'missing',
  'late',
  'phone-as-number',
  'deletion-not-carried',
  'written-back',
  'other-field-touched',
  'update-ignored',
  'case-of-address',
] as const;
export type SyncFault = (typeof FAULTS)[number] | 'none';

export const MAPPING = `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: Email, map: email, as: email }]
settle: 1m
creates: [map]
on_delete: { crm: inactive in map }
inactive: { map: { hs_lead_status: UNQUALIFIED } }
fields:
  - { crm: FirstName, map: firstname, authority: crm }
  - { crm: LastName, map: lastname, authority: crm, blank: refuse }
  - { crm: Email, map: email, authority: crm, as: email }
  - { crm: Title, map: jobtitle, authority: crm }
  - { crm: Phone, map: phone, authority: crm, as: phone/US }
  - { crm: MailingCity, map: city, authority: crm }
  - { crm: Level__c, map: hs_lead_status, authority: crm, values: { Fresh: NEW, Working: OPEN, Won: CONNECTED } }
  - { crm: Interests__c, map: interests, authority: crm, values: { Webinars: webinars, Events: events, News: newsletter } }
`;

const LEVELS: Readonly<Record<string, string>> = { Fresh: 'NEW', Working: 'OPEN', Won: 'CONNECTED' };
const INTERESTS: Readonly<Record<string, string>> = { Webinars: 'webinars', Events: 'events', News: 'newsletter' };
const SYNC = { kind: 'integration', id: '900', label: 'CRM to map' } as const;
const LATE_MS = 130_000;
const MOST_LAG_MS = 90_000;

type Values = Readonly<Record<string, string | undefined>>;

export interface SyncWorld {
  readonly clock: Clock;
  readonly crm: SalesforceSandbox;
  readonly map: HubSpotSandbox;
  readonly openPlatform: (name: string) => Promise<Platform>;
  fault: SyncFault;
  /** False: nothing is carried. */
  isAtWork: boolean;
  /** Another sync that is at work at the same times. */
  also: () => void;
  /** Each change takes another time from now on, up to a minute and a half. */
  lagFrom(seed: number): void;
  /** Carries what is there to be carried: for who moves time otherwise. */
  work(): void;
  /** Keys of the copies by those of their originals. */
  copies(): ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export interface SyncWorldOptions {
  readonly formLagMs?: number;
  readonly aheadMs?: readonly [crm: number, map: number];
  /** How the platforms are. */
  readonly map?: HubSpotSandboxOptions;
  readonly crm?: SalesforceSandboxOptions;
}

/** Both sandboxes, and a sync that is at work whenever time passes. */
export async function openSyncWorld(
  own?: Clock,
  { formLagMs = 0, aheadMs = [0, 0], map: mapOptions = {}, crm: crmOptions = {} }: SyncWorldOptions = {},
): Promise<SyncWorld> {
  let tick = (): void => undefined;
  class WorkingClock extends SharedClock {
    override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await super.sleep(ms, signal);
      tick();
    }
  }
  const clock = own ?? new WorkingClock(Date.now());
  const ahead = (ms: number): Clock => (ms === 0 ? clock : new Shifted(clock, ms));
  const map = await startHubSpotSandbox({ seed: 11, clock: ahead(aheadMs[1]), formLagMs, ...mapOptions });
  const crm = await startSalesforceSandbox({
    clock: ahead(aheadMs[0]),
    limits: { perDay: 1_000_000 },
    ...crmOptions,
    description: {
      fields: {
        Contact: [
          { name: 'Level__c', type: 'picklist', options: Object.keys(LEVELS), restricted: true },
          { name: 'Interests__c', type: 'multipicklist', options: Object.keys(INTERESTS), restricted: true },
        ],
      },
    },
  });
  const sync = new Sync(crm, map, clock);
  tick = () => {
    if (world.isAtWork) sync.work(world.fault);
    world.also();
  };
  const opened: Platform[] = [];
  const secrets: Readonly<Record<string, string>> = { token: map.token, id: crm.connectedApp.clientId, secret: crm.connectedApp.clientSecret };
  const config = (name: string): PlatformConfig =>
    (name === 'hubspot'
      ? {
          name,
          connector: 'hubspot',
          environment: 'sandbox',
          account: map.account,
          url: map.url,
          credentials: { token: 'file:token' },
          objects: ['contacts'],
          limits: { requests_per_10s: 10_000 },
          options: { search_lag: '0s' },
        }
      : {
          name,
          connector: 'salesforce',
          environment: 'sandbox',
          account: crm.account,
          url: crm.url,
          credentials: { client_id: 'file:id', client_secret: 'file:secret' },
          objects: ['Contact'],
          limits: {},
          options: {},
        }) as unknown as PlatformConfig;
  const world: SyncWorld = {
    clock,
    crm,
    map,
    fault: 'none',
    isAtWork: true,
    also: () => undefined,
    lagFrom: (seed) => sync.lagFrom(randomFrom(seed)),
    work: () => tick(),
    copies: () => sync.copies(),
    openPlatform: async (name) => {
      const platform = await openPlatform(config(name), {
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
  return world;
}

/** A clock that is ahead of another one, or behind it, and goes as fast. */
class Shifted implements Clock {
  constructor(
    private readonly clock: Clock,
    private readonly ms: number,
  ) {}
  now(): Date {
    return new Date(this.clock.now().getTime() + this.ms);
  }
  monotonicMs(): number {
    return this.clock.monotonicMs();
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.clock.sleep(ms, signal);
  }
}

/** Carries what changed in the CRM since it last looked. */
class Sync {
  readonly #seen = new Map<string, string>();
  readonly #copyOf = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  readonly #waiting = new Map<string, { readonly text: string; readonly until: number }>();
  #random: (() => number) | undefined;

  constructor(
    private readonly crm: SalesforceSandbox,
    private readonly map: HubSpotSandbox,
    private readonly clock: Clock,
  ) {}

  work(fault: SyncFault): void {
    const there = new Set<string>();
    for (const { key, values } of this.crm.truth().records('Contact')) {
      there.add(key);
      const text = JSON.stringify(values);
      if (this.#seen.get(key) === text) continue;
      const isNew = !this.#seen.has(key);
      const number = this.#numberOf(key);
      if (this.#isWaiting(key, text, fault === 'late' && number % 3 === 0)) continue;
      this.#seen.set(key, text);
      this.#carry(key, values, { fault: number % 3 === 0 ? fault : 'none', isNew });
    }
    for (const key of this.#seen.keys()) if (!there.has(key)) this.#gone(key, fault);
  }

  #numberOf(key: string): number {
    const known = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, known);
    return known;
  }

  lagFrom(random: () => number): void {
    this.#random = random;
  }

  /** Each change waits once, for a time of its own. */
  #isWaiting(key: string, text: string, isLate: boolean): boolean {
    const now = this.clock.monotonicMs();
    const lag = isLate ? LATE_MS : (this.#random?.() ?? 0) * MOST_LAG_MS;
    const known = this.#waiting.get(key);
    const waits = known?.text === text ? known : { text, until: now + lag };
    this.#waiting.set(key, waits);
    return now < waits.until;
  }

  #carry(key: string, values: Values, { fault, isNew }: { readonly fault: SyncFault; readonly isNew: boolean }): void {
    const writer = this.map.writeAs(SYNC);
    if (fault === 'missing') return;
    if (!isNew && fault === 'update-ignored') return;
    const made = faulty(copied(values), fault);
    const copy = this.#copyOf.get(key);
    if (copy === undefined) {
      this.#copyOf.set(key, writer.create('contacts', made));
      // An address is kept once: the second record bears it in other words.
      if (fault === 'doubled')
        writer.create('contacts', { ...made, email: null, jobtitle: 'double', lastname: made['lastname'] ?? null, firstname: made['email'] ?? null });
    } else if (this.#isThere(copy)) writer.update('contacts', copy, fault === 'other-field-touched' ? { ...made, lifecyclestage: 'customer' } : made);
    if (fault === 'written-back') {
      this.crm.writeAs(SYNC).update('Contact', key, { Title: 'Written back' });
      this.#seen.set(key, JSON.stringify(this.crm.truth().record('Contact', key)));
    }
  }

  /** Keys of the copies by those of their originals. */
  copies(): ReadonlyMap<string, string> {
    return this.#copyOf;
  }

  /** A clean-up may have taken a copy away by now. */
  #isThere(copy: string): boolean {
    return this.map.truth().record('contacts', copy) !== undefined;
  }

  #gone(key: string, fault: SyncFault): void {
    this.#seen.delete(key);
    const copy = this.#copyOf.get(key);
    if (copy === undefined || !this.#isThere(copy) || (fault === 'deletion-not-carried' && this.#numberOf(key) % 3 === 0)) return;
    this.map.writeAs(SYNC).update('contacts', copy, { hs_lead_status: 'UNQUALIFIED' });
  }
}

const orNull = (text: string | undefined): string | null => text ?? null;

/** What a contact of the marketing platform holds of one of the CRM. */
export function copied(values: Values): Record<string, string | null> {
  const interests = values['Interests__c'];
  return {
    firstname: orNull(values['FirstName']),
    lastname: orNull(values['LastName']),
    email: orNull(values['Email']),
    jobtitle: orNull(values['Title']),
    phone: orNull(values['Phone']),
    city: orNull(values['MailingCity']),
    hs_lead_status: orNull(LEVELS[values['Level__c'] ?? '']),
    interests:
      interests === undefined
        ? null
        : interests
            .split(';')
            .map((each) => INTERESTS[each] ?? each)
            .join(';'),
  };
}

function faulty(made: Record<string, string | null>, fault: SyncFault): Record<string, string | null> {
  const { firstname, lastname, jobtitle, phone, interests } = made;
  switch (fault) {
    case 'value-swapped':
      return { ...made, firstname: orNull(lastname ?? undefined), lastname: firstname ?? 'nobody' };
    case 'truncated':
      return { ...made, jobtitle: jobtitle?.slice(0, 20) ?? null };
    case 'option-dropped':
      return { ...made, hs_lead_status: null };
    case 'one-of-several-lost':
      return { ...made, interests: interests?.split(';')[0] ?? null };
    case 'phone-as-number':
      return { ...made, phone: phone === null || phone === undefined ? null : Number(phone.replaceAll(/\D/gu, '')).toExponential(3) };
    case 'case-of-address':
      return { ...made, email: made['email']?.toUpperCase() ?? null };
    default:
      return made;
  }
}
