import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { loadController, shippedControllers } from '../../../src/syncs/descriptions/load.js';

const PAGE = readFileSync(new URL('../../../docs/syncs.md', import.meta.url), 'utf8');

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
    const row = PAGE.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    const words = { engine: 'itself', stub: 'a stub of', programs: ' for ' };
    expect(row).toContain(says?.proven === false ? 'nothing' : words[says?.proven ?? 'stub']);
    for (const setting of Object.keys(says?.settings ?? {})) expect(row).toContain(`\`${setting}\``);
  });
});
