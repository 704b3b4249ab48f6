import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { workspaceText } from '../../src/cli/flows/initial.js';

/** Somebody with Salesforce would begin with a file that runback refuses, or with a secret in it. */
test('a workspace that begins with Salesforce names its address and where the secrets are, and no secret', () => {
  const text = workspaceText({
    connector: 'salesforce',
    environment: 'sandbox',
    secret: 'env:SF_CLIENT_SECRET',
    client: 'file:client id',
    address: 'https://example.my.salesforce.com',
    account: '00D5g000004XyzAEAS',
    writer: 'integration@example.com',
  });
  expect((parse(text) as { platforms: unknown }).platforms).toEqual({
    salesforce: {
      connector: 'salesforce',
      environment: 'sandbox',
      account: '00D5g000004XyzAEAS',
      url: 'https://example.my.salesforce.com',
      credentials: { client_id: 'file:client id', client_secret: 'env:SF_CLIENT_SECRET' },
      objects: ['Account', 'Contact', 'Lead', 'Opportunity', 'Campaign', 'CampaignMember'],
    },
  });
  expect(text).toContain('integration@example.com');
});
