import { describe, expect, it } from 'vitest';

import { loadController, shippedControllers } from '../../../src/syncs/descriptions/load.js';

describe('shipped descriptions of controllers', async () => {
  const names = await shippedControllers();

  it('are there', () => {
    expect(names).toEqual([
      'airbyte',
      'census',
      'cron',
      'fivetran',
      'hightouch',
      'hubspot-workflow',
      'mailchimp-automation',
      'mailchimp-campaign',
      'n8n',
      'node-red',
      'node-red-flow',
      'salesforce-flow',
      'salesforce-job',
      'systemd',
      'workato',
    ]);
  });

  it.each(names)('%s fits the form, and says what it is proven with', async (name) => {
    const says = await loadController(name, process.cwd());
    expect(says?.name).toBeTruthy();
    if (says?.proven !== false) expect(says?.proven_with).toBeTruthy();
  });
});
