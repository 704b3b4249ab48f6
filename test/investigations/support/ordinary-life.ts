import type { Value } from '../../../src/records/index.js';
import { DAY, Dice, HOUR, MINUTE, StoryWorld, type Actor, type FieldPlan } from './story-world.js';

export const CRM: Actor = { writer: 'INTEGRATION:crm', maker: 'program' };
export const LOYALTY: Actor = { writer: 'INTEGRATION:loyalty', maker: 'program' };
export const MAIL: Actor = { writer: 'INTEGRATION:mail', maker: 'program' };
export const ERP: Actor = { writer: 'INTEGRATION:erp', maker: 'program' };
export const SCORING: Actor = { writer: 'AUTOMATION:score', maker: 'automation' };
export const WORKFLOW: Actor = { writer: 'AUTOMATION:wf12', maker: 'automation' };
export const FORM: Actor = { writer: 'FORM:contact', maker: 'form' };
export const RUNBACK: Actor = { writer: 'INTEGRATION:runback', maker: 'program' };
export const person = (n: number): Actor => ({ writer: `CRM_UI:userId:${n}`, maker: 'person' });

export const STATUSES = ['NEW', 'OPEN', 'IN_PROGRESS', 'OPEN_DEAL', 'UNQUALIFIED', 'CONNECTED', 'BAD_TIMING'];
export const STAGES = ['lead', 'qualified', 'opportunity', 'customer'];
export const SEGMENTS = ['smb', 'mid', 'large', 'public', 'partner'];
export const INTERESTS = ['events', 'newsletter', 'offers', 'research', 'webinars'];
export const OWNERS = Array.from({ length: 12 }, (_, n) => String(700 + n));
const SYLLABLES = [
  'ba',
  'den',
  'el',
  'fi',
  'gor',
  'han',
  'is',
  'ka',
  'lo',
  'mar',
  'ne',
  'ol',
  'pe',
  'ri',
  'sa',
  'tan',
  'ur',
  'vo',
  'wil',
  'zo',
  'é',
  'jö',
  'mü',
  'ß',
  'ñi',
];
const CITIES = Array.from({ length: 40 }, (_, n) => `${capital(SYLLABLES[n % 20] ?? '')}${SYLLABLES[(n * 7) % 20] ?? ''}burg`);
const TITLES = Array.from(
  { length: 60 },
  (_, n) =>
    `${['Head', 'Director', 'Manager', 'Lead', 'Assistant'][n % 5] ?? ''} of ${['Sales', 'Marketing', 'Finance', 'IT', 'Operations', 'Research'][n % 6] ?? ''} ${n}`,
);

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function word(dice: Dice, syllables: number): string {
  return capital(Array.from({ length: syllables }, () => dice.one(SYLLABLES)).join(''));
}

export const phone = (dice: Dice): string => `+49 ${dice.int(30, 999)} ${dice.int(1_000_000, 9_999_999)}`;
export const day = (dice: Dice, from: number, to: number): string =>
  new Date(Date.UTC(dice.int(from, to), dice.int(0, 11), dice.int(1, 28))).toISOString().slice(0, 10);
const mostly = (chance: number, make: (dice: Dice, n: number) => Value) => (dice: Dice, n: number) => (dice.is(chance) ? make(dice, n) : null);

const CONTACTS: readonly FieldPlan[] = [
  { name: 'firstname', type: 'string', make: (dice) => word(dice, 2) },
  { name: 'lastname', type: 'string', make: (dice) => word(dice, 3) },
  { name: 'email', type: 'string', make: (_, n) => `person${n}@example.com` },
  { name: 'phone', type: 'string', make: mostly(0.9, phone) },
  { name: 'mobilephone', type: 'string', make: mostly(0.4, phone) },
  { name: 'jobtitle', type: 'string', make: mostly(0.8, (dice) => dice.one(TITLES)) },
  { name: 'company', type: 'string', make: (dice) => `${word(dice, 3)} GmbH` },
  { name: 'city', type: 'string', make: mostly(0.85, (dice) => dice.one(CITIES)) },
  { name: 'notes', type: 'string', make: mostly(0.6, (dice) => Array.from({ length: dice.int(3, 14) }, () => word(dice, 2)).join(' ')) },
  { name: 'birthdate', type: 'date', make: mostly(0.7, (dice) => day(dice, 1950, 2004)) },
  { name: 'renewal_date', type: 'date', make: mostly(0.5, (dice) => day(dice, 2027, 2028)) },
  { name: 'lead_status', type: 'enum', make: (dice) => dice.one(STATUSES) },
  { name: 'lifecycle', type: 'enum', make: (dice) => dice.one(STAGES) },
  { name: 'segment', type: 'enum', make: (dice) => dice.one(SEGMENTS) },
  { name: 'owner', type: 'enum', make: (dice) => dice.one(OWNERS) },
  { name: 'loyalty_points', type: 'number', make: (dice) => String(dice.int(0, 5000)) },
  { name: 'lead_score', type: 'number', make: (dice) => String(dice.int(0, 100)) },
  { name: 'interests', type: 'set', make: (dice) => dice.some(INTERESTS, dice.int(0, 4)).sort() },
  { name: 'last_seen', type: 'datetime', make: () => '2026-09-01T10:00:00Z' },
  { name: 'opted_out', type: 'boolean', optedOut: [true], make: (dice) => dice.is(0.15) },
];
const COMPANIES: readonly FieldPlan[] = [
  { name: 'name', type: 'string', make: (dice) => `${word(dice, 3)} ${word(dice, 2)} AG` },
  { name: 'city', type: 'string', make: (dice) => dice.one(CITIES) },
  { name: 'annualrevenue', type: 'number', make: mostly(0.8, (dice) => String(dice.int(50, 90_000) * 100)) },
  { name: 'tier', type: 'enum', make: (dice) => dice.one(['A', 'B', 'C', 'D']) },
  { name: 'description', type: 'string', make: mostly(0.7, (dice) => Array.from({ length: dice.int(8, 24) }, () => word(dice, 2)).join(' ')) },
];
const DEALS: readonly FieldPlan[] = [
  { name: 'dealname', type: 'string', make: (dice) => `${word(dice, 3)} ${dice.int(1, 99)}` },
  { name: 'amount', type: 'number', make: (dice) => String(dice.int(5, 400) * 250) },
  { name: 'stage', type: 'enum', make: (dice) => dice.one(['offer', 'talks', 'won', 'lost']) },
];

/** An account with everything that happens in it on ordinary days, planned from `startMs` until `untilMs`. */
export function ordinaryWorld(
  seed: number,
  startMs: number,
  untilMs: number,
  silent?: { readonly writer: string; readonly fromMs: number; readonly toMs: number },
): StoryWorld {
  const dice = new Dice(seed);
  const world = new StoryWorld(dice, startMs);
  world.fill('companies', COMPANIES, 500);
  world.fill('contacts', CONTACTS, 2500);
  world.fill('deals', DEALS, 300);
  const companies = world.keys('companies');
  for (const key of world.keys('contacts')) if (dice.is(0.8)) world.links.add(`${key} ${dice.one(companies)}`);
  world.reactions.push((where, object, key, field, write) => {
    if (object === 'contacts' && field === 'lead_status' && write.after === 'OPEN_DEAL')
      where.at(write.atMs + dice.int(10_000, 90_000), (atMs) =>
        where.write('contacts', key, 'lifecycle', 'opportunity', WORKFLOW, atMs, write.cause),
      );
  });
  const isSilent = (who: Actor, atMs: number): boolean => silent?.writer === who.writer && atMs >= silent.fromMs && atMs < silent.toMs;
  for (let dayMs = startMs; dayMs < untilMs; dayMs += DAY) {
    const isWorkday = ![0, 6].includes(new Date(dayMs).getUTCDay());
    crmDay(world, dayMs, isWorkday, isSilent);
    nightly(world, dayMs, isSilent);
    if (isWorkday) peopleDay(world, dayMs);
    outsideDay(world, dayMs);
  }
  return world;
}

type IsSilent = (who: Actor, atMs: number) => boolean;

/** What the sync with the CRM writes into a contact. */
export function crmWrite(world: StoryWorld, key: string, atMs: number): void {
  const { dice } = world;
  const field = dice.one(['phone', 'phone', 'jobtitle', 'company', 'lead_status', 'city', 'owner', 'notes']);
  const old = world.value('contacts', key, field);
  const fresh: Record<string, () => Value> = {
    phone: () => (dice.is(0.02) ? null : phone(dice)),
    jobtitle: () => (dice.is(0.01) ? null : dice.one(TITLES)),
    company: () => (dice.is(0.2) ? String(old).toUpperCase() : `${word(dice, 3)} GmbH`),
    lead_status: () => dice.one(STATUSES),
    city: () => dice.one(CITIES),
    owner: () => dice.one(OWNERS),
    notes: () => `${typeof old === 'string' ? `${old} ` : ''}${word(dice, 2)}`,
  };
  world.write('contacts', key, field, fresh[field]?.() ?? null, CRM, atMs);
}

function crmDay(world: StoryWorld, dayMs: number, isWorkday: boolean, isSilent: IsSilent): void {
  const { dice } = world;
  for (let hour = 6; hour < 20; hour += 1) {
    const count = isWorkday ? dice.int(10, 35) : dice.int(0, 5);
    for (let n = 0; n < count; n += 1)
      world.at(dayMs + hour * HOUR + dice.next() * HOUR, (atMs) => {
        if (!isSilent(CRM, atMs)) crmWrite(world, dice.one(world.keys('contacts')), atMs);
      });
  }
  for (let n = 0; n < 3; n += 1)
    world.at(dayMs + dice.next() * DAY, (atMs) =>
      world.link(`${dice.one(world.keys('contacts'))} ${dice.one(world.keys('companies'))}`, dice.is(0.7), CRM, atMs),
    );
}

/** What the loyalty program writes in a night. */
export function loyaltyRun(world: StoryWorld, atMs: number, share: number): void {
  const { dice } = world;
  const keys = dice.some(world.keys('contacts'), Math.round(2500 * share));
  keys.forEach((key, i) => {
    const old = Number(world.value('contacts', key, 'loyalty_points') ?? 0);
    const now = dice.is(0.15) ? Math.max(0, old - dice.int(1, 8) * 100) : old + dice.int(1, 300);
    world.at(atMs + Math.floor(i / 50) * 1500, (then) => world.write('contacts', key, 'loyalty_points', String(now), LOYALTY, then));
  });
}

function nightly(world: StoryWorld, dayMs: number, isSilent: IsSilent): void {
  const { dice } = world;
  world.at(dayMs + 1.5 * HOUR + dice.next() * 5 * MINUTE, (atMs) => {
    if (!isSilent(LOYALTY, atMs)) loyaltyRun(world, atMs, 0.03 + 0.02 * dice.next());
  });
  world.at(dayMs + 3 * HOUR + dice.next() * MINUTE, (atMs) => {
    const keys = dice.some(world.keys('contacts'), dice.int(100, 180));
    keys.forEach((key, i) =>
      world.at(atMs + i * 40, (then) => {
        const old = Number(world.value('contacts', key, 'lead_score') ?? 0);
        world.write('contacts', key, 'lead_score', String(Math.min(100, Math.max(0, old + dice.int(-12, 15)))), SCORING, then);
      }),
    );
  });
  world.at(dayMs + 4.5 * HOUR, (atMs) => {
    for (const key of dice.some(world.keys('companies'), dice.int(6, 14))) {
      const old = Number(world.value('companies', key, 'annualrevenue') ?? 10_000);
      world.write('companies', key, 'annualrevenue', String(Math.round((old * (0.8 + dice.next() * 0.5)) / 100) * 100), ERP, atMs);
      if (dice.is(0.3)) world.write('companies', key, 'tier', dice.one(['A', 'B', 'C', 'D']), ERP, atMs);
      if (dice.is(0.2)) world.write('companies', key, 'description', Array.from({ length: 12 }, () => word(dice, 2)).join(' '), ERP, atMs);
    }
    for (const key of dice.some(world.keys('contacts'), dice.int(5, 12)))
      world.write('contacts', key, 'renewal_date', day(dice, 2027, 2028), ERP, atMs);
  });
}

function peopleDay(world: StoryWorld, dayMs: number): void {
  const { dice } = world;
  for (let n = 0; n < 36; n += 1) {
    const who = person(dice.int(1, 12));
    world.at(dayMs + (8 + 9 * dice.next()) * HOUR, (atMs) => {
      const key = dice.one(world.keys('contacts'));
      const field = dice.one(['phone', 'mobilephone', 'lead_status', 'owner', 'notes', 'lastname', 'jobtitle', 'birthdate', 'segment']);
      const plan = CONTACTS.find(({ name }) => name === field);
      world.write('contacts', key, field, plan?.make(dice, 0) ?? null, who, atMs);
      if (dice.is(0.25)) world.at(atMs + 20_000, (then) => world.write('contacts', key, 'lead_status', dice.one(STATUSES), who, then));
      if (dice.is(0.3)) world.write('deals', dice.one(world.keys('deals')), 'stage', dice.one(['offer', 'talks', 'won', 'lost']), who, atMs);
      if (dice.is(0.15)) world.write('deals', dice.one(world.keys('deals')), 'amount', String(dice.int(5, 400) * 250), who, atMs);
      if (dice.is(0.03)) world.remove('contacts', key, who, atMs);
    });
  }
}

function outsideDay(world: StoryWorld, dayMs: number): void {
  const { dice } = world;
  for (let n = 0; n < 90; n += 1)
    world.at(dayMs + (6 + 16 * dice.next()) * HOUR, (atMs) => {
      const key = dice.one(world.keys('contacts'));
      world.write('contacts', key, 'last_seen', new Date(atMs).toISOString(), MAIL, atMs);
      const held = world.value('contacts', key, 'interests');
      if (dice.is(0.1) && Array.isArray(held))
        world.write('contacts', key, 'interests', [...new Set([...held, dice.one(INTERESTS)])].sort(), MAIL, atMs);
    });
  for (let n = 0; n < 8; n += 1) world.at(dayMs + dice.next() * DAY, (atMs) => void world.create('contacts', {}, FORM, atMs));
  for (let n = 0; n < 3; n += 1)
    world.at(dayMs + dice.next() * DAY, (atMs) => world.write('contacts', dice.one(world.keys('contacts')), 'opted_out', dice.is(0.9), FORM, atMs));
}
