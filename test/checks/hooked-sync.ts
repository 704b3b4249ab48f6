// Syncs that learn of changes as real ones do: by webhooks, searches and list views. Some believe what they are told, some look again.
import type { HubSpotSandbox, SalesforceSandbox, TrueValues } from '../../src/sandbox/index.js';
import { ACK, type Listener, openListener } from '../sandbox/listener.js';

const SYNC = { kind: 'integration', id: '900', label: 'Sync' } as const;

/** From HubSpot to Salesforce. */
export const PEOPLE = `version: 1
id: people
between: { map: hubspot/contacts, crm: salesforce/Contact }
match: [{ map: email, crm: Email, as: email }]
settle: 1m
creates: [crm]
fields:
  - { map: firstname, crm: FirstName, authority: map }
  - { map: lastname, crm: LastName, authority: map, blank: refuse }
  - { map: email, crm: Email, authority: map, as: email }
  - { map: jobtitle, crm: Title, authority: map }
  - { map: city, crm: MailingCity, authority: map }
`;

const NAMES = { firstname: 'FirstName', lastname: 'LastName', email: 'Email', jobtitle: 'Title', city: 'MailingCity' } as const;
const isMapped = (name: string): name is keyof typeof NAMES => Object.hasOwn(NAMES, name);

/** The two platforms, where a sync is between them. */
export interface Between {
  readonly map: HubSpotSandbox;
  readonly crm: SalesforceSandbox;
}

/** A running sync. */
export interface Running {
  close(): Promise<void>;
}

interface HubSpotEvent {
  readonly subscriptionType: string;
  readonly objectId: number;
  readonly propertyName?: string;
  readonly propertyValue?: string;
}

/** Contacts of Salesforce that were made from those of HubSpot. */
class Copies {
  readonly #of = new Map<string, string>();

  constructor(private readonly between: Between) {}

  /** What HubSpot holds now. */
  held(key: string): Record<string, string | null> | undefined {
    const values = this.between.map.truth().record('contacts', key);
    return values && Object.fromEntries(Object.entries(NAMES).map(([from, to]) => [to, values[from] ?? null]));
  }

  copyOf(key: string): string | undefined {
    const copy = this.#of.get(key);
    return copy !== undefined && this.between.crm.truth().record('Contact', copy) !== undefined ? copy : undefined;
  }

  create(key: string): void {
    const values = this.held(key);
    if (values !== undefined) this.#of.set(key, this.between.crm.writeAs(SYNC).create('Contact', values));
  }

  update(key: string, values: Record<string, string | null>): void {
    const copy = this.copyOf(key);
    if (copy !== undefined) this.between.crm.writeAs(SYNC).update('Contact', copy, values);
  }

  /** Brings a copy to what HubSpot holds now, whatever was told. */
  carry(key: string): void {
    const values = this.held(key);
    if (values === undefined) return;
    if (this.copyOf(key) === undefined) this.create(key);
    else this.update(key, values);
  }
}

/** By webhooks of HubSpot. `believes`: it takes each event for the first of its kind, and for what stands there now. */
export async function hookedSync(between: Between, { believes }: { readonly believes: boolean }): Promise<Running> {
  const copies = new Copies(between);
  const take = ({ subscriptionType, objectId, propertyName = '', propertyValue = '' }: HubSpotEvent): void => {
    const key = String(objectId);
    if (!believes) copies.carry(key);
    else if (subscriptionType === 'contact.creation') copies.create(key);
    else if (isMapped(propertyName)) copies.update(key, { [NAMES[propertyName]]: propertyValue === '' ? null : propertyValue });
  };
  const listener = await openListener((_, { body }) => {
    for (const event of JSON.parse(body) as HubSpotEvent[]) take(event);
    return { status: 204 };
  });
  return subscribed(between.map, listener);
}

/** By outbound messages of Salesforce, to HubSpot; each message is taken for what it is, as often as it comes. */
export async function messagedSync({ map, crm }: Between, made: (values: TrueValues) => Record<string, string | null>): Promise<Running> {
  const copies = new Map<string, string>();
  const listener = await openListener((_, { body }) => {
    for (const [, key = ''] of body.matchAll(/<sf:Id>(003\w{15})<\/sf:Id>/gu)) {
      const values = crm.truth().record('Contact', key);
      if (values === undefined) continue;
      const copy = copies.get(key);
      if (copy === undefined) copies.set(key, map.writeAs(SYNC).create('contacts', made(values)));
      else if (map.truth().record('contacts', copy) !== undefined) map.writeAs(SYNC).update('contacts', copy, made(values));
    }
    return { status: 200, body: ACK };
  });
  return subscribed(crm, listener);
}

function subscribed({ webhooks }: Pick<HubSpotSandbox | SalesforceSandbox, 'webhooks'>, listener: Listener): Running {
  const id = webhooks.subscribe(listener.url);
  return {
    close: async () => {
      webhooks.unsubscribe(id);
      await listener.close();
    },
  };
}

const EVERY_MS = 150;

/** Asks again and again; what fails is tried the next time. */
function polling(look: () => Promise<void>): Running {
  const over = new AbortController();
  const loop = (async () => {
    while (!over.signal.aborted) {
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return {
    close: async () => {
      over.abort();
      await loop;
    },
  };
}

/**
 * By searches of HubSpot for what changed since. `overlapMs`: how far back it looks behind the last time that it asked; nothing: it takes the
 * index for what there is.
 */
export function searchingSync(between: Between, { overlapMs }: { readonly overlapMs: number }): Running {
  const { map } = between;
  const copies = new Copies(between);
  const seen = new Map<string, string>();
  let since = 0;
  return polling(async () => {
    const asked = map.now().getTime();
    const filters = [{ propertyName: 'lastmodifieddate', operator: 'GTE', value: String(since - overlapMs) }];
    for (let after: string | undefined = '0'; after !== undefined;) {
      const response: Response = await fetch(`${map.url}/crm/v3/objects/contacts/search`, {
        method: 'POST',
        headers: { authorization: `Bearer ${map.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ filterGroups: [{ filters }], properties: ['lastmodifieddate'], sorts: ['createdate'], limit: 4, after }),
      });
      if (!response.ok) return;
      const page = (await response.json()) as {
        readonly results: readonly { readonly id: string; readonly properties: { readonly lastmodifieddate: string } }[];
        readonly paging?: { readonly next: { readonly after: string } };
      };
      for (const { id, properties } of page.results) {
        if (seen.get(id) === properties.lastmodifieddate) continue;
        seen.set(id, properties.lastmodifieddate);
        copies.carry(id);
      }
      after = page.paging?.next.after;
    }
    since = asked;
  });
}

/** By the list view of all contacts of Salesforce. */
export function listViewSync(
  { map, crm }: Between,
  made: (values: TrueValues) => Record<string, string | null>,
  { limit }: { readonly limit?: number } = {},
): Running {
  const copies = new Map<string, string>();
  return polling(async () => {
    const path = `/services/data/v62.0/sobjects/Contact/listviews/AllContacts/results${limit === undefined ? '' : `?limit=${String(limit)}`}`;
    const response = await fetch(crm.url + path, { headers: { authorization: `Bearer ${crm.token}` } });
    const { records } = (await response.json()) as {
      readonly records: readonly { readonly columns: readonly { readonly fieldNameOrPath: string; readonly value: string | null }[] }[];
    };
    for (const { columns } of records) {
      const key = columns.find(({ fieldNameOrPath }) => fieldNameOrPath === 'Id')?.value ?? '';
      const values = crm.truth().record('Contact', key);
      if (values === undefined) continue;
      const copy = copies.get(key);
      if (copy === undefined) copies.set(key, map.writeAs(SYNC).create('contacts', made(values)));
      else if (map.truth().record('contacts', copy) !== undefined) map.writeAs(SYNC).update('contacts', copy, made(values));
    }
  });
}
