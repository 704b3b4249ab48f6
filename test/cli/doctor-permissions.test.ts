import { afterAll, beforeAll, expect, test } from 'vitest';

import { openConnector as openMailchimp } from '../../src/connectors/mailchimp/index.js';
import { systemClock } from '../../src/lib/index.js';
import {
  type HubSpotSandbox,
  type SalesforceSandbox,
  startHubSpotSandbox,
  startMailchimpSandbox,
  startSalesforceSandbox,
} from '../../src/sandbox/index.js';
import { openOperator, type Operator } from '../journeys/support/operator.js';

/** A user would learn in the middle of an incident that the token only reads, or that a workflow they declared is not waited for. */

let hubspot: HubSpotSandbox;
let crm: SalesforceSandbox;
let operator: Operator;
const READS = ['oauth', ...['contacts', 'companies'].flatMap((name) => [`crm.objects.${name}.read`, `crm.schemas.${name}.read`])];

beforeAll(async () => {
  hubspot = await startHubSpotSandbox({ seed: 1, scopes: [...READS, 'crm.objects.contacts.write', 'automation'] });
  hubspot.automate({ id: '7', name: 'Thank', object: 'contacts', enabled: true, when: { on: 'create' }, does: [] });
  crm = await startSalesforceSandbox({ facts: { seesAll: false } });
  operator = await openOperator(
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, account: "${hubspot.portalId}", url: "${hubspot.url}", credentials: { token: file:token }, objects: [contacts, companies] }
  crm: { connector: salesforce, environment: sandbox, account: ${crm.account}, url: "${crm.url}", credentials: { token: file:session }, objects: [Contact] }
syncs:
  thank: { controller: hubspot-workflow, url: "${hubspot.url}", id: "7", credentials: { token: file:token }, writes_to: [hubspot] }
  told: { controller: hubspot-workflow, url: "${hubspot.url}", id: "7", credentials: { token: file:token }, writes_to: [hubspot], reacts_to: [hubspot] }
backups: { storage: backups }
`,
    { token: hubspot.token, session: crm.token },
  );
});
afterAll(async () => {
  await operator.close();
  await hubspot.stop();
  await crm.stop();
});

interface Found {
  readonly what: string;
  readonly found: string;
  readonly warning?: true;
}

test('what the credentials may not do is told with the runbooks that need it, and an automation without reacts_to', async () => {
  const { checks } = (await operator.done('doctor')) as { readonly checks: readonly Found[] };
  const of = (name: string): Found | undefined => checks.find(({ what }) => what === name);
  const all = 'accidental-delete, associations-lost, bad-import, consent-corruption, credentials-outage, mass-overwrite, misrouting';
  expect(of('Platform hubspot')).toMatchObject({
    warning: true,
    found: expect.stringContaining(
      `the credentials may not update companies (the token lacks the scope crm.objects.companies.write); needed by ${all}`,
    ) as unknown,
  });
  // Only runbooks that delete need to.
  expect(of('Platform hubspot')?.found).toMatch(/may not delete companies \([^)]*\); needed by bad-import, mass-overwrite(?:;|$)/u);
  expect(of('Platform hubspot')?.found).not.toContain('contacts (');
  expect(of('Platform crm')).toMatchObject({
    warning: true,
    found: expect.stringMatching(/lacks View All Data.*a restore makes no record again that may only be hidden/u) as unknown,
  });
  expect(of('Sync thank')).toMatchObject({
    warning: true,
    found: expect.stringContaining('it is set off by records of hubspot, and reacts_to does not say so') as unknown,
  });
  expect(of('Sync told')).not.toHaveProperty('warning');
});

test('a key of somebody who only looks at Mailchimp is told', async () => {
  const mailchimp = await startMailchimpSandbox();
  try {
    const config = {
      name: 'm',
      connector: 'mailchimp',
      environment: 'sandbox',
      url: mailchimp.url,
      credentials: { token: 'env:T' },
      limits: {},
      options: {},
    };
    const connector = await openMailchimp(config as unknown as Parameters<typeof openMailchimp>[0], {
      secret: async () => await Promise.resolve(mailchimp.token),
      clock: systemClock,
    });
    const { objects } = await connector.describe(undefined);
    expect(await connector.lacks?.(objects)).toEqual([]);
    await connector.close();
  } finally {
    await mailchimp.stop();
  }
});
