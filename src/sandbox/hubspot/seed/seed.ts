import { createRandom, type Random } from '../../kit/random.js';
import { DirectWriter, integration, person } from '../direct.js';
import type { HubSpotSandbox } from '../handle.js';
import { OWNERS } from '../properties/owners.js';
import { companyValues, contactValues, dealValues } from './values.js';
import { GIVEN_NAMES, JOB_TITLES } from './words.js';

/** How much is seeded. */
export interface SeedSize {
  readonly contacts: number;
  readonly companies: number;
  readonly deals: number;
  readonly seed: number;
}

/** The ids that were given, in the order of creation. */
export interface SeededIds {
  readonly contacts: readonly string[];
  readonly companies: readonly string[];
  readonly deals: readonly string[];
}

/** Everything seeded lies before this moment, so that the same seed gives the same account on any day. */
const UNTIL = Date.parse('2026-06-01T00:00:00.000Z');
const DAY_MS = 86_400_000;

/**
 * Fills an account with invented, messy records and links between them: the same for the same seed and an empty
 * account. Addresses are at example.com, example.org and example.net alone. Seeding counts neither as requests nor as
 * writes.
 */
export function seedMessy(sandbox: HubSpotSandbox, size: SeedSize): SeededIds {
  const random = createRandom(size.seed);
  const importer = new DirectWriter(sandbox.portal, { type: 'IMPORT', id: '48822101', label: 'Import' });
  const sync = new DirectWriter(sandbox.portal, integration('4471120', 'MarketSync'));
  const people = OWNERS.map((owner) => new DirectWriter(sandbox.portal, person(owner.userId)));
  const anyone = (): DirectWriter => (random.chance(0.5) ? sync : random.chance(0.5) ? importer : random.pick(people));
  const times = (count: number): readonly number[] =>
    Array.from({ length: count }, (_, index) => UNTIL - (800 - (index * 700) / Math.max(1, count)) * DAY_MS + random.integer(DAY_MS));

  // Numbers go on where an earlier seeding ended: they are in addresses, which are unique.
  const first = (object: string): number => [...sandbox.portal.table(sandbox.portal.types.get(object)).everything()].length + 1;
  const start = { companies: first('companies'), contacts: first('contacts'), deals: first('deals') };
  const companies = times(size.companies).map((at, index) => anyone().create('companies', companyValues(random, index + start.companies, UNTIL), at));
  const contacts = times(size.contacts).map((at, index) => anyone().create('contacts', contactValues(random, index + start.contacts, UNTIL), at));
  const deals = times(size.deals).map((at, index) => anyone().create('deals', dealValues(random, index + start.deals, UNTIL), at));
  linkAll(random, sync, { contacts, companies, deals });
  for (const id of contacts) {
    if (!random.chance(0.2)) continue;
    const at = UNTIL - random.integer(90) * DAY_MS - random.integer(DAY_MS);
    anyone().update(
      'contacts',
      id,
      random.chance(0.5) ? { jobtitle: random.pick(JOB_TITLES) } : { firstname: random.pick(GIVEN_NAMES), hs_lead_status: 'CONNECTED' },
      at,
    );
  }
  sandbox.catchUpSearch();
  sandbox.resetCounts();
  return { contacts, companies, deals };
}

function linkAll(random: Random, sync: DirectWriter, { contacts, companies, deals }: SeededIds): void {
  const at = UNTIL - 95 * DAY_MS;
  for (const contact of contacts) {
    if (companies.length === 0 || !random.chance(0.85)) continue;
    sync.link('contacts', contact, 'companies', random.pick(companies), random.chance(0.9) ? 'Primary' : undefined, at);
    if (random.chance(0.08))
      sync.link('contacts', contact, 'companies', random.pick(companies), random.chance(0.5) ? 'Former employee' : undefined, at);
  }
  for (const deal of deals) {
    if (companies.length > 0 && random.chance(0.9)) sync.link('deals', deal, 'companies', random.pick(companies), 'Primary', at);
    for (let count = contacts.length === 0 ? 0 : random.integer(4); count > 0; count -= 1) {
      const label = random.chance(0.3) ? 'Decision maker' : random.chance(0.3) ? 'Billing contact' : undefined;
      sync.link('deals', deal, 'contacts', random.pick(contacts), label, at);
    }
  }
}
