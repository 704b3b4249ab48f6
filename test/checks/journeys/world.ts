// HubSpot, Salesforce and Mailchimp sandboxes, an integration between them, and what can be wrong with it.
import { openPlatform, type Platform } from '../../../src/connectors/index.js';
import type { Clock } from '../../../src/lib/index.js';
import {
  type HubSpotSandbox,
  type MailchimpSandbox,
  type SalesforceSandbox,
  type Sandbox,
  startHubSpotSandbox,
  startMailchimpSandbox,
  startSalesforceSandbox,
  type TrueValues,
} from '../../../src/sandbox/index.js';
import type { PlatformConfig } from '../../../src/workspace/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { openWebinars, type WebinarStub } from './webinars.js';

/** What the integration does wrong with every person. */
export const FAULTS = [
  'source-lost-at-attendance',
  'lead-missing',
  'lead-doubled',
  'city-truncated',
  'interest-dropped',
  'points-reset',
  'first-touch-overwritten',
  'tags-replaced',
  'note-cleared',
  'opt-out-not-to-lead',
  'opt-out-not-to-member',
  'opt-out-not-to-form',
  'opt-out-undone',
  'late-member',
  'attendance-ignored',
] as const;
export type JourneyFault = (typeof FAULTS)[number] | 'none';

export const AUDIENCE = '8a1f0c2d3e';
export const MEMBERS = `members-${AUDIENCE}`;
const SYNC = { kind: 'integration', id: '900', label: 'Hub' } as const;
const LATE_MS = 125_000;
/** From the first registration to the webinar itself. */
const HELD_AFTER_MS = 20_000;

export const MAPPING = `version: 1
id: contacts
between: { form: hubspot/contacts, lead: salesforce/Contact }
match: [{ form: email, lead: Email, as: email }]
settle: 1m
creates: [lead]
fields:
  - { form: email, lead: Email, authority: form, as: email }
  - { form: firstname, lead: FirstName, authority: form }
  - { form: lastname, lead: LastName, authority: form, blank: refuse }
  - { form: city, lead: MailingCity, authority: form }
  - { form: interests, lead: Interests__c, authority: form, values: { webinars: Webinars, events: Events, newsletter: News } }
`;

export interface JourneyWorld {
  readonly clock: Clock;
  readonly map: HubSpotSandbox;
  readonly crm: SalesforceSandbox;
  readonly mail: MailchimpSandbox;
  readonly webinars: WebinarStub;
  readonly openPlatform: (name: string) => Promise<Platform>;
  fault: JourneyFault;
  /** Carries what there is to carry. */
  work(): void;
  /** How many records there are, by platform and object type. */
  census(): Readonly<Record<string, number>>;
  /** How a platform is written in runback.yml; secrets are files of these names. */
  readonly configs: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** All of them, and an integration that is at work whenever time passes. */
export async function openJourneyWorld(own?: Clock): Promise<JourneyWorld> {
  let tick = (): void => undefined;
  class WorkingClock extends SharedClock {
    override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await super.sleep(ms, signal);
      tick();
    }
  }
  const clock = own ?? new WorkingClock(Date.now());
  const map = await startHubSpotSandbox({ seed: 11, clock });
  const crm = await startSalesforceSandbox({
    clock,
    limits: { perDay: 1_000_000 },
    description: {
      fields: {
        Contact: [
          { name: 'Interests__c', type: 'multipicklist', options: ['Webinars', 'Events', 'News'], restricted: true },
          { name: 'FirstTouch__c', type: 'string', length: 80 },
          { name: 'Webinars__c', type: 'double', precision: 6, scale: 0 },
        ],
      },
    },
  });
  const mail = await startMailchimpSandbox({
    clock,
    audiences: [{ id: AUDIENCE, name: 'News', mergeFields: [{ tag: 'CITY', name: 'City', type: 'text' }] }],
  });
  const webinars = await openWebinars(clock);
  const hub = new Hub({ map, crm, mail, webinars, clock });
  const opened: Platform[] = [];
  const secrets = {
    token: map.token,
    id: crm.connectedApp.clientId,
    secret: crm.connectedApp.clientSecret,
    mailkey: mail.token,
    seatkey: webinars.token,
  };
  const configs = {
    hubspot: {
      connector: 'hubspot',
      account: map.account,
      url: map.url,
      credentials: { token: 'file:token' },
      objects: ['contacts', 'deals'],
      limits: { requests_per_10s: 10_000 },
      options: { search_lag: '0s' },
    },
    salesforce: {
      connector: 'salesforce',
      account: crm.account,
      url: crm.url,
      credentials: { client_id: 'file:id', client_secret: 'file:secret' },
      objects: ['Contact', 'Task'],
    },
    mailchimp: { connector: 'mailchimp', account: mail.account, url: mail.url, credentials: { token: 'file:mailkey' }, objects: [MEMBERS] },
    webinar: {
      connector: 'rest',
      account: webinars.account,
      url: webinars.url,
      credentials: { token: 'file:seatkey' },
      options: { description: webinars.description },
    },
  };
  const world: JourneyWorld = {
    clock,
    map,
    crm,
    mail,
    webinars,
    fault: 'none',
    configs,
    secrets,
    work: () => tick(),
    census: () => ({
      ...censusOf('hubspot', map, ['contacts', 'deals']),
      ...censusOf('salesforce', crm, ['Contact', 'Task']),
      ...censusOf('mailchimp', mail, [MEMBERS]),
      ...webinars.census(),
    }),
    openPlatform: async (name) => {
      const config = { limits: {}, options: {}, ...configs[name as keyof typeof configs], name, environment: 'sandbox' } as unknown as PlatformConfig;
      const platform = await openPlatform(config, {
        secret: async (ref) => await Promise.resolve((secrets as Record<string, string>)[ref.slice('file:'.length)] ?? ''),
        clock,
        environment: {},
        folder: import.meta.dirname,
        writes: 'private',
      });
      opened.push(platform);
      return platform;
    },
    close: async () => {
      await Promise.all(opened.map(async (platform) => await platform.close()));
      await Promise.all([crm.stop(), map.stop(), mail.stop(), webinars.stop()]);
    },
  };
  tick = () => hub.work(world.fault);
  return world;
}

const censusOf = (name: string, sandbox: Sandbox, objects: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(objects.map((object) => [`${name}/${object}`, [...sandbox.truth().records(object)].length]));

interface Systems {
  readonly map: HubSpotSandbox;
  readonly crm: SalesforceSandbox;
  readonly mail: MailchimpSandbox;
  readonly webinars: WebinarStub;
  readonly clock: Clock;
}

const INTERESTS: Readonly<Record<string, string>> = { webinars: 'Webinars', events: 'Events', newsletter: 'News' };
const text = (values: TrueValues | undefined, name: string): string | undefined => {
  const value = values?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Form → contact in the CRM and member of the newsletter; attendance → points and tag; an opt-out everywhere. */
class Hub {
  readonly #leadOf = new Map<string, string>();
  readonly #memberOf = new Map<string, string>();
  readonly #carried = new Map<string, string>();
  readonly #attended = new Set<string>();
  readonly #out = new Set<string>();
  readonly #undone = new Set<string>();
  readonly #firstSeen = new Map<string, number>();

  #registered: number | undefined;
  #isHeld = false;
  heldAfterMs = HELD_AFTER_MS;

  constructor(private readonly of: Systems) {}

  work(fault: JourneyFault): void {
    const { map, clock, webinars } = this.of;
    if (webinars.census()['webinar/registrants'] !== 0) this.#registered ??= clock.monotonicMs();
    if (this.#registered !== undefined && !this.#isHeld && clock.monotonicMs() - this.#registered >= this.heldAfterMs) {
      this.#isHeld = true;
      webinars.hold();
    }
    for (const { key, values } of map.truth().records('contacts')) {
      if (text(values, 'email') === undefined) continue;
      const since = this.#firstSeen.get(key) ?? clock.monotonicMs();
      this.#firstSeen.set(key, since);
      const state = JSON.stringify([
        values['firstname'],
        values['lastname'],
        values['city'],
        values['interests'],
        values['jobtitle'],
        values['message'],
      ]);
      const isLate = fault === 'late-member' && clock.monotonicMs() - since < LATE_MS;
      if (!this.#leadOf.has(key) && fault !== 'lead-missing') this.#makeLead(key, values, fault);
      if (!this.#memberOf.has(key) && !isLate) this.#makeMember(key, values);
      if (this.#carried.get(key) !== state) this.#carry(key, values, fault);
      this.#carried.set(key, state);
      this.#attend(key, values, fault);
      this.#optOut(key, fault);
    }
  }

  #makeLead(key: string, values: TrueValues, fault: JourneyFault): void {
    const writer = this.of.crm.writeAs(SYNC);
    const made = { ...leadValues(values, fault), LeadSource: 'Web', FirstTouch__c: 'form' };
    this.#leadOf.set(key, writer.create('Contact', made));
    if (fault === 'lead-doubled') writer.create('Contact', made);
  }

  #makeMember(key: string, values: TrueValues): void {
    this.#memberOf.set(
      key,
      this.of.mail.writeAs(SYNC).create(MEMBERS, {
        email_address: text(values, 'email') ?? '',
        status: 'subscribed',
        FNAME: text(values, 'firstname') ?? null,
        LNAME: text(values, 'lastname') ?? null,
        CITY: text(values, 'city') ?? null,
        tags: 'form',
      }),
    );
  }

  #carry(key: string, values: TrueValues, fault: JourneyFault): void {
    const lead = this.#liveLead(key);
    if (lead !== undefined) this.of.crm.writeAs(SYNC).update('Contact', lead, leadValues(values, fault));
    const member = this.#liveMember(key);
    if (member !== undefined) this.of.mail.writeAs(SYNC).update(MEMBERS, member, { CITY: text(values, 'city') ?? null });
  }

  /** Once for each person who was there. */
  #attend(key: string, values: TrueValues, fault: JourneyFault): void {
    const { map, crm, mail, webinars } = this.of;
    const address = text(values, 'email') ?? '';
    if (this.#attended.has(key) || !webinars.attended(address) || fault === 'attendance-ignored') return;
    this.#attended.add(key);
    const points = fault === 'points-reset' ? '1' : String(Number(text(values, 'loyalty_points') ?? '0') + 10);
    map.writeAs(SYNC).update('contacts', key, { loyalty_points: points, ...(fault === 'note-cleared' && { message: null }) });
    const lead = this.#liveLead(key);
    const wrong =
      fault === 'source-lost-at-attendance' ? { LeadSource: null } : fault === 'first-touch-overwritten' ? { FirstTouch__c: 'webinar' } : {};
    if (lead !== undefined) crm.writeAs(SYNC).update('Contact', lead, { Webinars__c: '1', ...wrong });
    const member = this.#liveMember(key);
    const tags = fault === 'tags-replaced' ? 'attended' : [...tagsOf(mail, member), 'attended'].join(';');
    if (member !== undefined) mail.writeAs(SYNC).update(MEMBERS, member, { tags });
  }

  /** Whoever opted out anywhere is opted out everywhere. */
  #optOut(key: string, fault: JourneyFault): void {
    const { map, crm, mail } = this.of;
    const [lead, member] = [this.#liveLead(key), this.#liveMember(key)];
    const isOut =
      map.truth().record('contacts', key)?.['hs_email_optout'] === 'true' ||
      (lead !== undefined && crm.truth().record('Contact', lead)?.['HasOptedOutOfEmail'] === 'true') ||
      (member !== undefined && mail.truth().record(MEMBERS, member)?.['status'] === 'unsubscribed');
    if (isOut && !this.#out.has(key)) {
      this.#out.add(key);
      if (fault !== 'opt-out-not-to-form') map.writeAs(SYNC).update('contacts', key, { hs_email_optout: 'true' });
      if (lead !== undefined && fault !== 'opt-out-not-to-lead') crm.writeAs(SYNC).update('Contact', lead, { HasOptedOutOfEmail: 'true' });
      if (member !== undefined && fault !== 'opt-out-not-to-member') mail.writeAs(SYNC).update(MEMBERS, member, { status: 'unsubscribed' });
    } else if (
      fault === 'opt-out-undone' &&
      this.#out.has(key) &&
      !this.#undone.has(key) &&
      map.truth().record('contacts', key)?.['jobtitle'] === 'Customer'
    ) {
      this.#undone.add(key);
      if (lead !== undefined) crm.writeAs(SYNC).update('Contact', lead, { HasOptedOutOfEmail: 'false' });
    }
  }

  /** A clean-up may have taken a copy away by now. */
  #liveLead(key: string): string | undefined {
    const lead = this.#leadOf.get(key);
    return lead !== undefined && this.of.crm.truth().record('Contact', lead) !== undefined ? lead : undefined;
  }

  #liveMember(key: string): string | undefined {
    const member = this.#memberOf.get(key);
    return member !== undefined && this.of.mail.truth().record(MEMBERS, member) !== undefined ? member : undefined;
  }
}

function tagsOf(mail: MailchimpSandbox, member: string | undefined): readonly string[] {
  const tags = member === undefined ? undefined : mail.truth().record(MEMBERS, member)?.['tags'];
  return tags === undefined || tags === '' ? [] : tags.split(';');
}

function leadValues(values: TrueValues, fault: JourneyFault): Record<string, string | null> {
  const city = text(values, 'city');
  const interests = (text(values, 'interests') ?? '').split(';').filter((each) => each !== '');
  const kept = fault === 'interest-dropped' ? interests.slice(1) : interests;
  return {
    Email: text(values, 'email') ?? null,
    FirstName: text(values, 'firstname') ?? null,
    LastName: text(values, 'lastname') ?? '?',
    MailingCity: (fault === 'city-truncated' ? city?.slice(0, 4) : city) ?? null,
    Interests__c: kept.map((each) => INTERESTS[each] ?? each).join(';') || null,
  };
}
