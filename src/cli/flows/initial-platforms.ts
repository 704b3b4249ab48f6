import type { PlatformConfig, SecretRef } from '../../workspace/index.js';

/** Platforms that a new workspace can begin with. */
export type Connectable = 'hubspot' | 'mailchimp' | 'postgres' | 'salesforce';

/** What reaching one takes, as it was answered. */
export interface Reached {
  /** Where the token, the address of the database, or the secret of the connected app is found. */
  readonly secret: string;
  /** Address of the account, where a platform has one for each. */
  readonly address?: string;
  /** Where the consumer key of the connected app is found. */
  readonly client?: string;
  /** Object types that are taken; the usual ones where nobody said. */
  readonly objects?: readonly string[];
}

/** How a platform is asked for and written down. */
interface Beginning {
  /** For people. */
  readonly name: string;
  /** Where its secret usually is, and what it is. */
  readonly ref: string;
  readonly what: string;
  /** What is asked beside it. */
  readonly asks?: { readonly address: string; readonly client: string };
  /** What monitors can ask of it as soon as it is reached. */
  readonly tells: { readonly counts: boolean; readonly quota: boolean };
  config(reached: Reached): Pick<PlatformConfig, 'credentials' | 'url' | 'objects'>;
}

const HUBSPOT_OBJECTS = ['contacts', 'companies', 'deals'];
const SALESFORCE_OBJECTS = ['Account', 'Contact', 'Lead', 'Opportunity', 'Campaign', 'CampaignMember'];

const ref = (text: string): SecretRef => text.trim() as SecretRef;

export const BEGINNINGS: Readonly<Record<Connectable, Beginning>> = {
  hubspot: {
    name: 'HubSpot',
    ref: 'env:HUBSPOT_TOKEN',
    what: 'the token of a private app, from the settings of the HubSpot account, Integrations',
    tells: { counts: true, quota: true },
    config: ({ secret, objects = HUBSPOT_OBJECTS }) => ({ credentials: { token: ref(secret) }, objects }),
  },
  mailchimp: {
    name: 'Mailchimp',
    ref: 'env:MAILCHIMP_API_KEY',
    what: 'an API key, from Account & billing, Extras, API keys; it ends with its data center (-us21)',
    tells: { counts: false, quota: false },
    config: ({ secret, objects }) => ({ credentials: { token: ref(secret) }, ...(objects === undefined ? {} : { objects }) }),
  },
  postgres: {
    name: 'PostgreSQL',
    ref: 'env:DATABASE_URL',
    what: 'the address of the database, postgresql://user:password@host/name',
    tells: { counts: false, quota: false },
    config: ({ secret, objects }) => ({ credentials: {}, url: ref(secret), ...(objects === undefined ? {} : { objects }) }),
  },
  salesforce: {
    name: 'Salesforce',
    ref: 'env:SF_CLIENT_SECRET',
    what: 'the consumer secret of a connected app that allows the client credentials flow',
    asks: { address: 'https://YOUR-DOMAIN.my.salesforce.com', client: 'env:SF_CLIENT_ID' },
    tells: { counts: true, quota: true },
    config: ({ secret, address, client = 'env:SF_CLIENT_ID', objects = SALESFORCE_OBJECTS }) => ({
      credentials: { client_id: ref(client), client_secret: ref(secret) },
      ...(address === undefined ? {} : { url: address.trim() }),
      objects,
    }),
  },
};

/** The lines of a platform in runback.yml that say how it is reached. */
export function reachedLines(connector: Connectable, reached: Reached): readonly string[] {
  const { url, credentials, objects } = BEGINNINGS[connector].config(reached);
  const secrets = Object.entries(credentials).map(([name, where]) => `${name}: ${plain(where)}`);
  return [
    ...(url === undefined ? [] : [`    url: ${plain(url)}`]),
    ...(secrets.length === 0 ? [] : [`    credentials: { ${secrets.join(', ')} }`]),
    ...(objects === undefined ? [] : [`    objects: [${objects.map(plain).join(', ')}]`]),
  ];
}

/** A text as YAML: bare where that is one text. */
function plain(text: string): string {
  return /^[\w:./-]+$/u.test(text) ? text : JSON.stringify(text);
}
