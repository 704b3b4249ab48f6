import type { Random } from '../../kit/random.js';
import { LIFECYCLE_STAGES } from '../properties/contacts.js';
import { DEAL_PIPELINES } from '../properties/deals.js';
import { OWNERS } from '../properties/owners.js';
import { CITIES, COMPANY_FORMS, COMPANY_STEMS, COUNTRIES, DEAL_WORDS, FAMILY_NAMES, GIVEN_NAMES, JOB_TITLES, LONG_TEXTS } from './words.js';

const DAY_MS = 86_400_000;
const DOMAINS = ['example.com', 'example.org', 'example.net'] as const;
const INTERESTS = ['webinars', 'newsletter', 'events', 'r_and_d', 'a,b', 'x|y', 'größe'] as const;
const ROLES = ['BLOCKER', 'BUDGET_HOLDER', 'CHAMPION', 'DECISION_MAKER', 'END_USER', 'INFLUENCER', 'OTHER'] as const;

type Values = Record<string, string>;

/** Sets a value with a probability; sometimes it is there and empty, which HubSpot takes for no value. */
function maybe(random: Random, values: Values, name: string, probability: number, make: () => string): void {
  if (random.chance(probability)) values[name] = make();
  else if (random.chance(0.1)) values[name] = '';
}

const some = (random: Random, choices: readonly string[]): string =>
  random
    .shuffle(choices)
    .slice(0, 1 + random.integer(3))
    .join(';');
const digits = (random: Random, count: number): string => Array.from({ length: count }, () => random.integer(10)).join('');
const longText = (random: Random): string => random.pick(LONG_TEXTS).repeat(random.chance(0.05) ? 200 + random.integer(400) : 1 + random.integer(4));
const isoDay = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** Phone numbers as people and integrations really type them; the numbers are those kept for fiction. */
function phoneNumber(random: Random): string {
  const tail = digits(random, 2);
  const forms = [
    `+1 (555) 01${tail.slice(0, 1)}-01${tail}`,
    `555.01${tail}`,
    `(555) 555-01${tail} ext. ${random.integer(900)}`,
    `+44 20 7946 0${digits(random, 3)}`,
    `0049 30 2312 5${digits(random, 3)}`,
    `+1555555 01${tail}`,
    `'+155555501${tail}`,
    `５５５ ０１${tail}`,
    'n/a',
    '0',
    `555-01${tail} / 555-02${tail}`,
  ];
  return random.pick(forms);
}

function address(random: Random, given: string, number: number): string {
  const slug =
    given
      .normalize('NFD')
      .replaceAll(/[^a-zA-Z]/g, '')
      .toLowerCase() || 'person';
  const tag = random.chance(0.05) ? '+crm' : '';
  const plain = `${slug}.${number}${tag}@${random.pick(DOMAINS)}`;
  return random.chance(0.05) ? plain.toUpperCase() : plain;
}

/** A contact's values: always a name of some kind, nearly always an address. */
export function contactValues(random: Random, number: number, until: number): Values {
  const given = random.pick(GIVEN_NAMES);
  const values: Values = { firstname: given };
  if (!random.chance(0.02)) values.email = address(random, given, number);
  maybe(random, values, 'lastname', 0.95, () => random.pick(FAMILY_NAMES));
  maybe(random, values, 'phone', 0.7, () => phoneNumber(random));
  maybe(random, values, 'mobilephone', 0.3, () => phoneNumber(random));
  maybe(random, values, 'jobtitle', 0.6, () => random.pick(JOB_TITLES));
  maybe(random, values, 'company', 0.5, () => `${random.pick(COMPANY_STEMS)} ${random.pick(COMPANY_FORMS)}`);
  maybe(random, values, 'city', 0.6, () => random.pick(CITIES));
  maybe(random, values, 'country', 0.6, () => random.pick(COUNTRIES));
  maybe(random, values, 'zip', 0.5, () =>
    random.pick([`0${digits(random, 4)}`, `SW1A ${digits(random, 1)}AA`, digits(random, 5), `${digits(random, 3)}-${digits(random, 4)}`]),
  );
  maybe(random, values, 'address', 0.5, () => `${random.integer(400)} ${random.pick(FAMILY_NAMES)} St.\nFloor ${random.integer(9)}`);
  maybe(random, values, 'website', 0.2, () => `https://www.${random.pick(DOMAINS)}/~${number}?a=1&b=%20`);
  maybe(random, values, 'message', 0.25, () => longText(random));
  maybe(random, values, 'about_us', 0.1, () => longText(random));
  maybe(random, values, 'lifecyclestage', 0.9, () => random.pick(LIFECYCLE_STAGES));
  maybe(random, values, 'hs_lead_status', 0.5, () => random.pick(['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'BAD_TIMING']));
  maybe(random, values, 'interests', 0.4, () => some(random, INTERESTS));
  maybe(random, values, 'hs_buying_role', 0.2, () => some(random, ROLES));
  maybe(random, values, 'hs_email_optout', 0.3, () => String(random.chance(0.4)));
  maybe(random, values, 'hs_email_optout_10001', 0.2, () => String(random.chance(0.5)));
  maybe(random, values, 'hs_marketable_consent', 0.6, () => String(random.chance(0.7)));
  maybe(random, values, 'annualrevenue', 0.3, () =>
    random.pick([`${random.integer(5_000_000)}`, `${random.integer(5000)}.50`, '0', '12345678901234567890.123', '1e6', '-250.5']),
  );
  maybe(random, values, 'loyalty_points', 0.4, () => String(random.integer(100_000)));
  maybe(random, values, 'date_of_birth', 0.3, () => isoDay(until - (20 + random.integer(50)) * 365.25 * DAY_MS));
  maybe(random, values, 'last_synced_at', 0.6, () => new Date(until - random.integer(30 * DAY_MS)).toISOString());
  maybe(random, values, 'crm_id', 0.7, () => `C-${String(number).padStart(7, '0')}`);
  maybe(random, values, 'hubspot_owner_id', 0.8, () => random.pick(OWNERS).id);
  return values;
}

/** A company's values. */
export function companyValues(random: Random, number: number, until: number): Values {
  const values: Values = { name: `${random.pick(COMPANY_STEMS)} ${random.pick(COMPANY_FORMS)} ${random.chance(0.7) ? number : ''}`.trim() };
  maybe(random, values, 'domain', 0.9, () => `c${number}.${random.pick(DOMAINS)}`);
  maybe(random, values, 'phone', 0.6, () => phoneNumber(random));
  maybe(random, values, 'description', 0.4, () => longText(random));
  maybe(random, values, 'city', 0.7, () => random.pick(CITIES));
  maybe(random, values, 'country', 0.7, () => random.pick(COUNTRIES));
  maybe(random, values, 'industry', 0.6, () => random.pick(['ACCOUNTING', 'BANKING', 'COMPUTER_SOFTWARE', 'MACHINERY', 'RETAIL']));
  maybe(random, values, 'type', 0.5, () => random.pick(['PROSPECT', 'PARTNER', 'RESELLER', 'VENDOR', 'OTHER']));
  maybe(random, values, 'lifecyclestage', 0.8, () => random.pick(LIFECYCLE_STAGES));
  maybe(random, values, 'numberofemployees', 0.6, () => String(random.integer(20_000)));
  maybe(random, values, 'annualrevenue', 0.5, () => `${random.integer(900)}000.${digits(random, 2)}`);
  maybe(random, values, 'founded_year', 0.4, () => random.pick(['1999', 'ca. 1850', '2011?', '1974']));
  maybe(random, values, 'is_public', 0.3, () => String(random.chance(0.3)));
  maybe(random, values, 'vat_number', 0.4, () => `XX ${digits(random, 9)}`);
  maybe(random, values, 'erp_id', 0.8, () => `E${String(number).padStart(6, '0')}`);
  maybe(random, values, 'last_synced_at', 0.6, () => new Date(until - random.integer(30 * DAY_MS)).toISOString());
  maybe(random, values, 'hubspot_owner_id', 0.8, () => random.pick(OWNERS).id);
  return values;
}

/** A deal's values; stage and pipeline fit together. */
export function dealValues(random: Random, number: number, until: number): Values {
  const pipeline = random.chance(0.75) ? DEAL_PIPELINES[0] : DEAL_PIPELINES[1];
  const values: Values = {
    dealname: `${random.pick(COMPANY_STEMS)} – ${random.pick(DEAL_WORDS)} #${number}`,
    pipeline: pipeline?.id ?? 'default',
    dealstage: random.pick(pipeline?.stages ?? []).id,
  };
  maybe(random, values, 'amount', 0.9, () =>
    random.pick([`${random.integer(90_000)}`, `${random.integer(90_000)}.${digits(random, 2)}`, '0', '99999999999.99']),
  );
  maybe(random, values, 'closedate', 0.9, () => new Date(until + (random.integer(200) - 100) * DAY_MS).toISOString());
  maybe(random, values, 'dealtype', 0.7, () => random.pick(['newbusiness', 'existingbusiness']));
  maybe(random, values, 'description', 0.3, () => longText(random));
  maybe(random, values, 'hs_priority', 0.5, () => random.pick(['low', 'medium', 'high']));
  maybe(random, values, 'deal_currency_code', 0.8, () => random.pick(['USD', 'EUR', 'GBP', 'JPY']));
  maybe(random, values, 'products', 0.5, () => some(random, ['core', 'plus', 'analytics', 'on_site']));
  maybe(random, values, 'renewal_on', 0.4, () => isoDay(until + random.integer(400) * DAY_MS));
  maybe(random, values, 'order_number', 0.6, () => `ORD-${String(number).padStart(5, '0')}`);
  maybe(random, values, 'hubspot_owner_id', 0.9, () => random.pick(OWNERS).id);
  return values;
}
