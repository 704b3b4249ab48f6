import type { HubSpotSandbox, SalesforceSandbox } from '../../../src/sandbox/index.js';

/** What a workspace reaches. */
export interface Reached {
  readonly hubspot: HubSpotSandbox;
  readonly salesforce?: SalesforceSandbox;
  /** Address of a database with one table, `public.people`. */
  readonly database?: string;
}

/** The platforms of runback.yml, `hubspot`, `salesforce` and `warehouse`, and the files with their secrets. */
export function platformsOf({ hubspot, salesforce, database }: Reached): {
  readonly text: string;
  readonly secrets: Readonly<Record<string, string>>;
} {
  const entries = [
    `  hubspot:
    connector: hubspot
    environment: sandbox
    account: "${hubspot.account}"
    url: ${hubspot.url}
    credentials: { token: file:token }
    objects: [contacts]
    limits: { requests_per_10s: 1000 }
    options: { search_lag: 0s, settle: 0s }
`,
    salesforce === undefined
      ? ''
      : `  salesforce:
    connector: salesforce
    environment: sandbox
    account: ${salesforce.account}
    url: ${salesforce.url}
    credentials: { client_id: file:id, client_secret: file:secret }
    objects: [Contact]
`,
    database === undefined ? '' : `  warehouse: { connector: postgres, environment: sandbox, url: file:database-url, objects: [public.people] }\n`,
  ];
  return {
    text: `version: 1\nplatforms:\n${entries.join('')}`,
    secrets: {
      token: hubspot.token,
      ...(salesforce && { id: salesforce.connectedApp.clientId, secret: salesforce.connectedApp.clientSecret }),
      ...(database !== undefined && { 'database-url': database }),
    },
  };
}
