import type { Value } from '../../../src/records/index.js';
import { always, burst, cutAt, dayMonth, daysLater, emptied, misread, slipped, times } from './damage.js';
import {
  CRM,
  crmWrite,
  ERP,
  FORM,
  LOYALTY,
  loyaltyRun,
  MAIL,
  ordinaryWorld,
  OWNERS,
  person,
  phone,
  RUNBACK,
  SEGMENTS,
  word,
} from './ordinary-life.js';
import { DAY, HOUR, MINUTE, type Actor, type StoryWorld } from './story-world.js';
import { keep, type Kept, type View } from './views.js';

/** The times of a story, in milliseconds. */
export interface Times {
  readonly baseMs: number;
  readonly nowMs: number;
  /** When what happens begins. */
  readonly atMs: number;
}

export interface Story {
  readonly name: string;
  readonly view: View;
  readonly damage: boolean;
  /** Days from the base to now. */
  readonly days?: number;
  readonly silent?: { readonly writer: string; readonly days: number };
  readonly play: (world: StoryWorld, times: Times) => void;
}

const importing = (n: number): Actor => ({ writer: `IMPORT:${n}`, maker: 'import' });
const app = (name: string): Actor => ({ writer: `INTEGRATION:${name}`, maker: 'program' });
const contacts = (world: StoryWorld, least: number, most: number): string[] => world.dice.some(world.keys('contacts'), world.dice.int(least, most));
const inARow = (world: StoryWorld, least: number, most: number): readonly string[] => {
  const start = world.dice.int(0, 1200);
  return world.keys('contacts').slice(start, start + world.dice.int(least, most));
};
/** Plans work for the moment itself, when the world is as it is then. */
const then =
  (play: Story['play']): Story['play'] =>
  (world, times_) =>
    world.at(times_.atMs, () => play(world, times_));

const HISTORY: readonly Omit<Story, 'view'>[] = [
  {
    name: 'phones emptied by the sync',
    damage: true,
    play: then((world, { atMs }) => burst(world, { keys: contacts(world, 300, 700), fields: { phone: emptied }, who: CRM, atMs, cause: 'burst' })),
  },
  {
    name: 'one first name on everyone',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 250, 900), fields: { firstname: always(word(world.dice, 4)) }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  {
    name: 'two suspects',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, { keys: contacts(world, 200, 500), fields: { jobtitle: emptied }, who: CRM, atMs, cause: 'burst' });
      burst(world, { keys: contacts(world, 150, 400), fields: { city: () => word(world.dice, 2) }, who: app('enrich'), atMs: atMs + 4000 });
    }),
  },
  {
    name: 'right and wrong in one field',
    damage: true,
    play: then((world, { atMs }) => {
      loyaltyRun(world, atMs, 0.05);
      burst(world, { keys: contacts(world, 150, 350), fields: { loyalty_points: times(100) }, who: LOYALTY, atMs: atMs + 500, cause: 'factor' });
    }),
  },
  {
    name: 'a slow drip over a week',
    damage: true,
    days: 9,
    play: (world, { atMs }) => {
      for (let n = 0; n < 70; n += 1)
        world.at(atMs + (n / 70) * 7 * DAY + world.dice.next() * HOUR, (ms) =>
          world.write('contacts', world.dice.one(world.keys('contacts')), 'jobtitle', null, CRM, ms, 'drip'),
        );
    },
  },
  {
    name: 'a person imports swapped columns',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = contacts(world, 200, 600);
      const first = new Map(keys.map((key) => [key, world.value('contacts', key, 'firstname')]));
      burst(world, {
        keys,
        fields: { firstname: (_, key) => world.value('contacts', key, 'lastname'), lastname: (_, key) => first.get(key) ?? null },
        who: importing(555),
        atMs,
        cause: 'import',
      });
    }),
  },
  {
    name: 'a person imports rows that slipped',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = inARow(world, 200, 600);
      const fields = Object.fromEntries(['firstname', 'lastname', 'phone', 'city'].map((field) => [field, slipped(world, 'contacts', keys, field)]));
      burst(world, { keys, fields, who: importing(556), atMs, cause: 'import', batch: 100, everyMs: 1500 });
    }),
  },
  {
    name: 'a workflow reacts to a wrong status',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 120, 300), fields: { lead_status: always('OPEN_DEAL'), phone: emptied }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  {
    name: 'damage before the newest snapshot',
    damage: true,
    days: 5,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: contacts(world, 200, 500),
        fields: { lastname: misread, firstname: misread, company: misread },
        who: CRM,
        atMs,
        cause: 'burst',
      }),
    ),
  },
  {
    name: 'twelve records only',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 12, 12), fields: { phone: emptied, mobilephone: emptied }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  {
    name: 'links cut',
    damage: true,
    play: then((world, { atMs }) => {
      for (const pair of world.dice.some([...world.links], world.dice.int(80, 250))) world.link(pair, false, CRM, atMs, 'links');
    }),
  },
  {
    name: 'duplicates',
    damage: true,
    play: then((world, { atMs }) => {
      contacts(world, 100, 250).forEach((key, i) =>
        world.at(
          atMs + Math.floor(i / 20) * 1000,
          (ms) => void world.create('contacts', { ...world.table('contacts').get(key), email: `again${i}@example.com` }, CRM, ms, 'duplicates'),
        ),
      );
    }),
  },
  {
    name: 'deletions',
    damage: true,
    play: then((world, { atMs }) => {
      for (const key of contacts(world, 60, 200)) world.remove('contacts', key, CRM, atMs, 'deletions');
    }),
  },
  {
    name: 'people who opted out are opted in',
    damage: true,
    play: then((world, { atMs }) => {
      const out = world.keys('contacts').filter((key) => world.value('contacts', key, 'opted_out') === true);
      burst(world, { keys: world.dice.some(out, world.dice.int(60, 200)), fields: { opted_out: always(false) }, who: MAIL, atMs, cause: 'consent' });
    }),
  },
  {
    name: 'multi-selects lose elements',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: contacts(world, 300, 700),
        fields: { interests: (old) => (Array.isArray(old) ? old.slice(0, 1) : undefined) },
        who: MAIL,
        atMs,
        cause: 'sets',
      }),
    ),
  },
  {
    name: 'companies: cut-off texts',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, {
        object: 'companies',
        keys: world.dice.some(world.keys('companies'), world.dice.int(100, 300)),
        fields: { description: cutAt(50) },
        who: ERP,
        atMs,
        cause: 'cut',
      }),
    ),
  },
  {
    name: 'deals: amounts in cents',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, {
        object: 'deals',
        keys: world.dice.some(world.keys('deals'), 120),
        fields: { amount: times(100) },
        who: app('billing'),
        atMs,
        cause: 'cents',
      }),
    ),
  },
  {
    name: 'day and month exchanged',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 500, 900), fields: { birthdate: dayMonth }, who: importing(557), atMs, cause: 'dates' }),
    ),
  },
  {
    name: 'renewals a day early',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 300, 700), fields: { renewal_date: daysLater(-1) }, who: ERP, atMs, cause: 'zone' }),
    ),
  },
  {
    name: 'an old file comes back',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = world.keys('contacts');
      const older = new Map<string, Value>();
      for (const key of keys) {
        const entries = world.log.get(JSON.stringify(['contacts', key, 'phone'])) ?? [];
        const old = entries.at(-1)?.before;
        if (typeof old === 'string') older.set(key, old);
      }
      burst(world, { keys: [...older.keys()], fields: { phone: (_, key) => older.get(key) }, who: CRM, atMs, cause: 'stale' });
    }),
  },
  {
    name: 'half of it was put back by a restore',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = contacts(world, 200, 500);
      const held = new Map(keys.map((key) => [key, world.value('contacts', key, 'company')]));
      burst(world, { keys, fields: { company: always(word(world.dice, 5)) }, who: CRM, atMs, cause: 'burst' });
      burst(world, {
        keys: keys.slice(0, Math.floor(keys.length / 2)),
        fields: { company: (_, key) => held.get(key) ?? null },
        who: RUNBACK,
        atMs: atMs + 2 * HOUR,
      });
    }),
  },
  // Nothing wrong happened in the following.
  { name: 'quiet days', damage: false, play: () => undefined },
  { name: 'a nightly job with much to do', damage: false, play: (world, { atMs }) => loyaltyRun(world, atMs, 0.09) },
  {
    name: 'a new territory plan',
    damage: false,
    play: then((world, { atMs }) => {
      const to = new Map(OWNERS.map((owner) => [owner, world.dice.one(OWNERS)]));
      const keys = world.keys('contacts').filter((key) => world.value('contacts', key, 'segment') === 'mid');
      burst(world, {
        keys,
        fields: { owner: (old) => to.get(String(old)) ?? null, segment: always('large') },
        who: person(3),
        atMs,
        batch: 50,
        everyMs: 3000,
      });
    }),
  },
  {
    name: 'enrichment by a new app',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: contacts(world, 500, 900),
        fields: {
          city: (old) => (old === null ? word(world.dice, 2) : undefined),
          mobilephone: (old) => (old === null ? phone(world.dice) : undefined),
          company: (old) => (world.dice.is(0.2) && typeof old === 'string' ? old.replace('GmbH', 'GmbH & Co. KG') : undefined),
        },
        who: app('enrich'),
        atMs,
      }),
    ),
  },
  {
    name: 'catching up after an outage',
    damage: false,
    days: 4,
    silent: { writer: CRM.writer, days: 2 },
    play: (world, { atMs }) => {
      for (let n = 0; n < 500; n += 1) world.at(atMs + n * 120, (ms) => crmWrite(world, world.dice.one(world.keys('contacts')), ms));
    },
  },
  {
    name: 'an import on purpose',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: contacts(world, 300, 600),
        fields: {
          notes: () => `${word(world.dice, 3)} ${word(world.dice, 4)}`,
          lead_status: always('CONNECTED'),
          jobtitle: (old) => (old === null ? 'Visitor' : undefined),
        },
        who: importing(601),
        atMs,
        batch: 100,
        everyMs: 1200,
      }),
    ),
  },
  {
    name: 'an earlier restore by runback',
    damage: false,
    play: then((world, { atMs }) => {
      const older = world.keys('contacts').flatMap((key) => {
        const old = world.log.get(JSON.stringify(['contacts', key, 'company']))?.at(-1)?.before;
        return old === undefined ? [] : [[key, old] as const];
      });
      const values = new Map(older);
      burst(world, { keys: [...values.keys()].slice(0, 300), fields: { company: (_, key) => values.get(key) ?? null }, who: RUNBACK, atMs });
    }),
  },
  {
    name: 'a campaign stamps everyone',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 800, 1500), fields: { last_seen: always(new Date(atMs).toISOString()) }, who: MAIL, atMs }),
    ),
  },
  {
    name: 'people tidy up by hand',
    damage: false,
    play: (world, { atMs }) => {
      for (let n = 0; n < 90; n += 1)
        world.at(atMs + n * 70_000, (ms) =>
          world.write('contacts', world.dice.one(world.keys('contacts')), 'jobtitle', world.dice.is(0.5) ? null : word(world.dice, 3), person(5), ms),
        );
    },
  },
  {
    name: 'a sync goes live with a field of its own',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: contacts(world, 400, 900),
        fields: { segment: () => world.dice.one(SEGMENTS) },
        who: app('segments'),
        atMs,
        batch: 100,
        everyMs: 2000,
      }),
    ),
  },
  {
    name: 'a fair brings many contacts',
    damage: false,
    play: (world, { atMs }) => {
      for (let n = 0; n < 120; n += 1) world.at(atMs + n * 90_000, (ms) => void world.create('contacts', {}, FORM, ms));
    },
  },
];

const DATABASE: readonly Story[] = [
  {
    name: 'phones emptied',
    view: 'two',
    damage: true,
    play: then((world, { atMs }) => burst(world, { keys: contacts(world, 300, 700), fields: { phone: emptied }, who: CRM, atMs, cause: 'burst' })),
  },
  {
    name: 'one first name',
    view: 'two',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 300, 700), fields: { firstname: always(word(world.dice, 4)) }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  {
    name: 'rows that slipped',
    view: 'two',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = inARow(world, 300, 700);
      const fields = Object.fromEntries(['lastname', 'phone'].map((field) => [field, slipped(world, 'contacts', keys, field)]));
      burst(world, { keys, fields, who: CRM, atMs, cause: 'burst' });
    }),
  },
  { name: 'quiet days', view: 'two', damage: false, play: () => undefined },
  {
    name: 'an import on purpose',
    view: 'two',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: contacts(world, 300, 600),
        fields: { mobilephone: (old) => (old === null ? phone(world.dice) : undefined), lead_status: always('CONNECTED') },
        who: importing(602),
        atMs,
      }),
    ),
  },
  {
    name: 'phones emptied in the third day',
    view: 'six',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 200, 500), fields: { phone: emptied, jobtitle: emptied }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  {
    name: 'a drip over three days',
    view: 'six',
    damage: true,
    play: (world, { atMs }) => {
      for (let n = 0; n < 90; n += 1)
        world.at(atMs + (n / 90) * 2.4 * DAY, (ms) =>
          world.write('contacts', world.dice.one(world.keys('contacts')), 'jobtitle', null, CRM, ms, 'drip'),
        );
    },
  },
  {
    name: 'points times a hundred',
    view: 'six',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 200, 500), fields: { loyalty_points: times(100) }, who: LOYALTY, atMs, cause: 'factor' }),
    ),
  },
  { name: 'quiet days', view: 'six', damage: false, play: () => undefined },
  {
    name: 'a new territory plan',
    view: 'six',
    damage: false,
    play: then((world, { atMs }) => {
      const keys = world.keys('contacts').filter((key) => world.value('contacts', key, 'segment') === 'mid');
      burst(world, { keys, fields: { owner: (_, key) => OWNERS[Number(key) % 3] ?? null }, who: person(3), atMs });
    }),
  },
  {
    name: 'phones emptied',
    view: 'modified',
    damage: true,
    play: then((world, { atMs }) => burst(world, { keys: contacts(world, 300, 700), fields: { phone: emptied }, who: CRM, atMs, cause: 'burst' })),
  },
  {
    name: 'texts in the wrong encoding',
    view: 'modified',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, { keys: contacts(world, 300, 700), fields: { lastname: misread, company: misread }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  { name: 'quiet days', view: 'modified', damage: false, play: () => undefined },
];

export const STORIES: readonly Story[] = [...HISTORY.map((story): Story => ({ ...story, view: 'history' })), ...DATABASE];

const START = Date.parse('2026-10-01T00:00:00Z');

/** Plays a story to its end; gives the world as it is then, and the snapshots that were taken on the way. */
export function playStory(story: Story, seed: number): { readonly world: StoryWorld; readonly kept: readonly Kept[] } {
  const pastDays = story.view === 'history' ? 30 : 3;
  const days = story.days ?? (story.view === 'six' ? 5 : 3);
  const baseMs = START + pastDays * DAY + 4 * HOUR;
  const nowMs = baseMs + days * DAY + 9 * HOUR;
  const silent =
    story.silent === undefined ? undefined : { writer: story.silent.writer, fromMs: baseMs + DAY, toMs: baseMs + (1 + story.silent.days) * DAY };
  const world = ordinaryWorld(seed, START, nowMs, silent);
  // During working hours of one of the days, and never at the same time.
  const offset =
    story.silent === undefined
      ? Math.floor((days > 6 ? 1 : days) * world.dice.next()) * DAY + (3 + 10 * world.dice.next()) * HOUR + world.dice.int(0, 59) * MINUTE
      : (1 + story.silent.days) * DAY;
  story.play(world, { baseMs, nowMs, atMs: Math.round(baseMs + offset) });
  const times_ = story.view === 'six' ? [0, 1, 2, 3, 4].map((day) => baseMs + day * DAY) : [baseMs];
  const kept = times_.map((ms) => {
    world.play(ms);
    return keep(world, ms);
  });
  world.play(nowMs);
  return { world, kept: [...kept, keep(world, nowMs)] };
}
