import type { Value } from '../../../src/records/index.js';
import { always, burst, emptied, misread, times } from './damage.js';
import { CRM, ERP, FORM, LOYALTY, MAIL, OWNERS, person, phone, SEGMENTS, word } from './ordinary-life.js';
import type { RoughStory } from './rough-stories.js';
import { type Actor, DAY, HOUR, MINUTE, SECOND, type FieldPlan, type StoryWorld } from './story-world.js';

const app = (name: string): Actor => ({ writer: `INTEGRATION:${name}`, maker: 'program' });
const importing = (n: number): Actor => ({ writer: `IMPORT:${String(n)}`, maker: 'import' });
const some = (world: StoryWorld, least: number, most: number): string[] => world.dice.some(world.keys('contacts'), world.dice.int(least, most));
const then =
  (play: RoughStory['play']): RoughStory['play'] =>
  (world, all) =>
    world.at(all.atMs, () => play(world, all));

const SITE: FieldPlan = {
  name: 'website',
  type: 'string',
  make: (dice) => (dice.is(0.7) ? `http://www.${word(dice, 3).toLowerCase()}.example.com` : null),
};
const ACTIVE: FieldPlan = { name: 'is_customer', type: 'boolean', make: (dice) => dice.is(0.4) };
const LIMIT: FieldPlan = {
  name: 'credit_limit',
  type: 'number',
  make: (dice) => (dice.is(0.8) ? `${String(dice.int(10, 900))}.${String(dice.int(10, 99))}` : null),
};
const TRIAL: FieldPlan = {
  name: 'trial_ends',
  type: 'date',
  make: (dice) => new Date(Date.UTC(2026, 10 + dice.int(0, 3), dice.int(1, 28))).toISOString().slice(0, 10),
};

/** What other accounts do: jobs that clear on purpose, damage that people work on at the same time, programs that share the blame. */
export const FRESH: readonly RoughStory[] = [
  {
    name: 'damage that colleagues correct by hand while it goes on',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = some(world, 250, 450);
      burst(world, { keys, fields: { jobtitle: always('Customer') }, who: CRM, atMs, cause: 'burst', everyMs: 1500 });
      world.dice
        .some(keys, 40)
        .forEach((key, i) =>
          world.at(atMs + 3 * MINUTE + i * 50 * SECOND, (ms) =>
            world.write('contacts', key, 'jobtitle', `${word(world.dice, 2)} lead`, person(1 + (i % 5)), ms),
          ),
        );
    }),
  },
  {
    name: 'a text goes through HTML once too often',
    damage: true,
    play: then((world, { atMs }) => {
      for (const key of world.keys('contacts').slice(0, 1200)) {
        const record = world.table('contacts').get(key);
        if (record !== undefined && typeof record['company'] === 'string' && world.dice.is(0.4))
          record['company'] = `${record['company'].split(' ')[0] ?? ''} & Co`;
      }
      burst(world, {
        keys: world.keys('contacts').slice(0, 1200),
        fields: { company: (old) => (typeof old === 'string' && old.includes('&') ? old.replaceAll('&', '&amp;') : undefined) },
        who: CRM,
        atMs,
        cause: 'burst',
      });
    }),
  },
  {
    name: 'decimals lose their point',
    damage: true,
    fields: [LIMIT],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 300, 600),
        fields: { credit_limit: (old) => (typeof old === 'string' ? String(Number(old.replace('.', ''))) : undefined) },
        who: ERP,
        atMs,
        cause: 'burst',
      }),
    ),
  },
  {
    name: 'a flag is turned round for a part of the list',
    damage: true,
    fields: [ACTIVE],
    play: then((world, { atMs }) =>
      burst(world, { keys: some(world, 300, 500), fields: { is_customer: (old: Value) => old !== true }, who: CRM, atMs, cause: 'burst' }),
    ),
  },
  {
    name: 'each night forty phones are emptied',
    damage: true,
    days: 7,
    play: (world, { baseMs }) => {
      for (let night = 0; night < 6; night += 1)
        world.at(baseMs + night * DAY + 22 * HOUR, (atMs) =>
          burst(world, { keys: world.dice.some(world.keys('contacts'), 40), fields: { phone: emptied }, who: CRM, atMs, cause: 'nights' }),
        );
    },
  },
  {
    name: 'two syncs quarrel over a status, and the wrong one wins',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = some(world, 150, 300);
      for (let n = 0; n < 6; n += 1)
        burst(world, {
          keys,
          fields: { segment: always(n % 2 === 0 ? 'partner' : 'smb') },
          who: n % 2 === 0 ? ERP : CRM,
          atMs: atMs + n * 4 * MINUTE,
          cause: 'quarrel',
        });
    }),
  },
  {
    name: 'a template nobody filled in, in the middle of catching up',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, { keys: some(world, 200, 300), fields: { phone: () => phone(world.dice) }, who: CRM, atMs, everyMs: 600 });
      burst(world, { keys: some(world, 60, 140), fields: { jobtitle: always('{{contact.title}}') }, who: CRM, atMs: atMs + 200, cause: 'burst' });
    }),
  },
  {
    name: 'names and companies wrongly decoded in two runs an hour apart',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, { keys: some(world, 300, 500), fields: { lastname: misread }, who: CRM, atMs, cause: 'one' });
      burst(world, { keys: some(world, 300, 500), fields: { company: misread }, who: CRM, atMs: atMs + HOUR, cause: 'two' });
    }),
  },
  {
    name: 'a program that empties for privacy does so as every day',
    damage: false,
    play: (world, { nowMs }) => {
      const privacy = app('privacy');
      for (let ms = world.startMs; ms < nowMs; ms += DAY)
        world.at(ms + 5 * HOUR, (at) =>
          world.dice.some(world.keys('contacts'), 25).forEach((key, i) =>
            world.at(at + i * 2000, (atMs) => {
              for (const field of ['phone', 'mobilephone', 'notes']) world.write('contacts', key, field, null, privacy, atMs);
            }),
          ),
        );
    },
  },
  {
    name: 'addresses of pages become safe ones',
    damage: false,
    fields: [SITE],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: world.keys('contacts'),
        fields: { website: (old) => (typeof old === 'string' ? old.replace('http://', 'https://') : undefined) },
        who: { writer: 'DATA_FORMATTING', maker: 'automation' },
        atMs,
        batch: 100,
      }),
    ),
  },
  {
    name: 'an owner leaves, and a person hands the records on',
    damage: false,
    play: then((world, { atMs }) => {
      const gone = world.dice.one(OWNERS);
      const next = world.dice.one(OWNERS.filter((one) => one !== gone));
      const keys = world.keys('contacts').filter((key) => world.value('contacts', key, 'owner') === gone);
      burst(world, { keys, fields: { owner: always(next) }, who: person(9), atMs, batch: 50 });
    }),
  },
  {
    name: 'people unsubscribe after a mailing',
    damage: false,
    play: then((world, { atMs }) =>
      some(world, 60, 140).forEach((key) =>
        world.at(atMs + world.dice.next() * 6 * HOUR, (ms) => world.write('contacts', key, 'opted_out', true, FORM, ms)),
      ),
    ),
  },
  {
    name: 'trials are extended by two weeks by a person',
    damage: false,
    fields: [TRIAL],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 80, 200),
        fields: { trial_ends: (old) => (typeof old === 'string' ? new Date(Date.parse(old) + 14 * DAY).toISOString().slice(0, 10) : undefined) },
        who: person(6),
        atMs,
        batch: 50,
      }),
    ),
  },
  {
    name: 'points are credited to everyone who bought, as each quarter',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 400, 700),
        fields: { loyalty_points: (old) => String(Number(old ?? 0) + 100 * world.dice.int(1, 9)) },
        who: LOYALTY,
        atMs,
        batch: 50,
      }),
    ),
  },
  {
    name: 'interests from a survey',
    damage: false,
    play: then((world, { atMs }) =>
      some(world, 120, 260).forEach((key) =>
        world.at(atMs + world.dice.next() * 8 * HOUR, (ms) => {
          const held = world.value('contacts', key, 'interests');
          if (Array.isArray(held)) world.write('contacts', key, 'interests', [...new Set([...held, 'survey'])].sort(), FORM, ms);
        }),
      ),
    ),
  },
  {
    name: 'a sync empties segments while a person sorts people into them by hand',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, { keys: some(world, 250, 400), fields: { segment: emptied }, who: ERP, atMs, cause: 'burst' });
      for (let n = 0; n < 25; n += 1)
        world.at(atMs + n * 100 * SECOND, (ms) =>
          world.write('contacts', world.dice.one(world.keys('contacts')), 'segment', world.dice.one(SEGMENTS), person(8), ms),
        );
    }),
  },
  {
    name: 'a file of last year overwrites points, and the nightly job counts on from there',
    damage: true,
    days: 4,
    play: then((world, { atMs }) => {
      const keys = some(world, 300, 500);
      burst(world, { keys, fields: { loyalty_points: always('0') }, who: importing(801), atMs, cause: 'import' });
    }),
  },
  {
    name: 'revenues of companies in thousands',
    damage: true,
    play: then((world, { atMs }) =>
      burst(world, {
        object: 'companies',
        keys: world.dice.some(world.keys('companies'), world.dice.int(120, 250)),
        fields: { annualrevenue: times(0.001) },
        who: ERP,
        atMs,
        cause: 'burst',
      }),
    ),
  },
  {
    name: 'a new mail program fills in the last visit of all',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 900, 1500),
        fields: { last_seen: () => new Date(world.dice.int(atMs - 40 * DAY, atMs)).toISOString() },
        who: MAIL,
        atMs,
        batch: 100,
      }),
    ),
  },
];
