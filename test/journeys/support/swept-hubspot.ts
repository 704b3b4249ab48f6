import { integration, person, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import type { SweptPlatform } from './swept-platform.js';

const LIMITS = { per10s: 100_000, searchPerSecond: 10_000 };
const TOKEN = 'pat-na1-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';

/** Wrong values, emptied ones, lost links and two records too many, made by a sync. */
export const sweptHubSpot: SweptPlatform = {
  title: 'HubSpot',
  name: 'hubspot',
  runbook: 'mass-overwrite',
  writesAs: 'INTEGRATION:48621',
  answers: { apply: ['sandbox:11'], apply_created: ['sandbox:2'] },
  isWrite: (_, target) => /\/batch\/(?:create|update|upsert|archive)|\/feed\/(?:pause|resume)$/u.test(target),
  start: async () => {
    const sandbox = await startHubSpotSandbox({ seed: 5, limits: LIMITS, token: TOKEN });
    let contacts: readonly string[] = [];
    return {
      sandbox,
      config: `{ connector: hubspot, environment: sandbox, account: "${sandbox.portalId}", url: "${sandbox.url}", credentials: { token: file:token }, objects: [contacts, companies], limits: { requests_per_10s: 10000 }, options: { settle: 0s } }`,
      files: { token: TOKEN },
      fill: () => {
        ({ contacts } = seedMessy(sandbox, { contacts: 40, companies: 6, deals: 0, seed: 5 }));
      },
      damage: () => {
        const feed = sandbox.writeAs(integration('48621', 'Feed'));
        for (const id of contacts.slice(0, 8)) feed.update('contacts', id, { firstname: 'Valued Customer' });
        for (const id of contacts.slice(4, 12)) feed.update('contacts', id, { phone: '' });
        for (const link of sandbox
          .links()
          .filter(({ fromObject, toObject }) => fromObject === 'contacts' && toObject === 'companies')
          .slice(0, 3))
          feed.unlink('contacts', link.from, 'companies', link.to);
        for (const name of ['One', 'Two']) feed.create('contacts', { firstname: name, lastname: 'Duplicate', email: `${name}@dup.example` });
        sandbox.writeAs(person(7)).update('contacts', contacts[9] ?? '', { jobtitle: 'Edited by hand' });
      },
      state: () => ({
        records: ['contacts', 'companies'].flatMap((object) =>
          sandbox.records(object).map(({ id, archived, properties }) => ({ object, id, archived, properties })),
        ),
        links: sandbox
          .links()
          .map((link) => JSON.stringify(link))
          .sort(),
      }),
    };
  },
};
