import { type Clock, systemClock } from '../../../src/lib/index.js';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import type { SweptPlatform } from './swept-platform.js';

const APP = { clientId: '3MVG9swept.app', clientSecret: 'swept-secret' };
const OBJECTS = ['Account', 'Contact', 'Visit__c'];
const VISIT = {
  name: 'Visit__c',
  autoNumber: true,
  fields: [
    { name: 'Text__c', type: 'string' as const },
    { name: 'Code__c', type: 'string' as const, length: 80, unique: true },
    { name: 'Contact__c', type: 'reference' as const, to: ['Contact'], onDelete: 'clear' as const },
  ],
};
/** What happens one after the other lies some whole seconds apart, and all of it before the run. */
const BEFORE_MS = 120_000;
const STEP_MS = 20_000;

/**
 * Wrong values, emptied ones, lost references, unique values in a ring, deleted records in the recycle bin and out of it, and two records too
 * many, made by a sync.
 */
export const sweptSalesforce: SweptPlatform = {
  title: 'Salesforce',
  name: 'crm',
  runbook: 'mass-overwrite',
  writesAs: 'integration.48621@example.com',
  answers: { apply: ['sandbox:25'], apply_created: ['sandbox:2'] },
  isWrite: (method, target) =>
    /\/feed\/(?:pause|resume)$|\/services\/Soap\//u.test(target) || (method !== 'GET' && /\/composite\/sobjects(?:\?|$)/u.test(target)),
  start: async () => {
    let ahead = 0;
    const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
    const sandbox = await startSalesforceSandbox({
      clock,
      connectedApp: APP,
      limits: { perDay: 1_000_000 },
      description: { objects: [VISIT], tracked: { Contact: ['Title', 'Phone', 'AccountId'] } },
    });
    const [contacts, visits]: [string[], string[]] = [[], []];
    let lost = '';
    return {
      sandbox,
      config: `{ connector: salesforce, environment: sandbox, account: "${sandbox.account}", url: "${sandbox.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [${OBJECTS.join(', ')}], options: { settle: 1s } }`,
      files: { id: APP.clientId, secret: APP.clientSecret },
      fill: () => {
        ahead = -BEFORE_MS;
        const maya = sandbox.writeAs({ kind: 'person', id: '7' });
        const firm = maya.create('Account', { Name: 'Example Ltd' });
        lost = maya.create('Account', { Name: 'Gone Ltd', BillingCity: 'Bern' });
        for (let n = 0; n < 24; n += 1)
          contacts.push(
            maya.create('Contact', {
              LastName: `Last ${n}`,
              Email: `p${n}@example.com`,
              Title: 'Head',
              Phone: `+1 555 01${n}`,
              AccountId: n < 20 ? firm : lost,
            }),
          );
        for (let n = 0; n < 9; n += 1)
          visits.push(maya.create('Visit__c', { Text__c: `Visit ${n}`, Code__c: `C-${n}`, Contact__c: contacts[n] ?? null }));
        ahead += STEP_MS;
      },
      damage: () => {
        ahead += STEP_MS;
        const feed = sandbox.writeAs({ kind: 'integration', id: '48621', label: 'Feed' });
        for (const id of contacts.slice(0, 8)) feed.update('Contact', id, { Title: 'Valued Customer' });
        for (const id of contacts.slice(4, 10)) feed.update('Contact', id, { Phone: null });
        for (const id of contacts.slice(9, 12)) feed.update('Contact', id, { AccountId: null });
        for (const name of ['One', 'Two']) feed.create('Contact', { LastName: name, Email: `${name.toLowerCase()}@dup.example` });
        feed.remove('Account', lost);
        for (const id of visits.slice(0, 2)) feed.remove('Visit__c', id);
        for (const id of visits.slice(2, 5)) {
          feed.remove('Visit__c', id);
          feed.purge(id);
        }
        // Three unique values in a ring: each is held by the record that gives its own to the next.
        const ring = visits.slice(6, 9);
        for (const id of ring) feed.update('Visit__c', id, { Code__c: null });
        for (const [n, id] of ring.entries()) feed.update('Visit__c', id, { Code__c: `C-${6 + ((n + 1) % 3)}` });
        ahead += STEP_MS;
        sandbox.writeAs({ kind: 'person', id: '9' }).update('Contact', contacts[9] ?? '', { Department: 'Edited by hand' });
        ahead += STEP_MS;
      },
      state: () => stateOf(sandbox),
    };
  },
};

/** Every record, the deleted ones too, by what can be written on it. */
function stateOf(sandbox: SalesforceSandbox): unknown {
  const { org } = sandbox;
  return OBJECTS.map((name) => {
    const live = [...sandbox.truth().records(name)].map(({ key, values }) => ({ key, values: { ...values } }));
    const gone = [...org.tables.all(org.schema.get(name))].flatMap(({ id, deletion }) => (deletion === undefined ? [] : [id]));
    return { name, live, gone };
  });
}
