import type { RecordHistory } from '../../../src/connectors/index.js';
import type { Value } from '../../../src/records/index.js';
import { always, burst, emptied, misread, times } from './damage.js';
import { CRM, ERP, FORM, LOYALTY, MAIL, person, phone, word } from './ordinary-life.js';
import type { Times } from './stories.js';
import { cellName, DAY, HOUR, type FieldPlan, MINUTE, SECOND, type Actor, type StoryWorld } from './story-world.js';
import type { Telling } from './told.js';

/** What real accounts do and the first stories do not: shared names, histories with gaps, bursts across a snapshot. */
export interface RoughStory {
  readonly name: string;
  readonly damage: boolean;
  readonly days?: number;
  /** When the damage begins, in milliseconds after the base; by default drawn. */
  readonly afterBase?: number;
  /** Fields of contacts beside the usual ones. */
  readonly fields?: readonly FieldPlan[];
  readonly tell?: Telling;
  /** Share of the damage that may stay unseen, since it is fewer than five cells of a field. */
  readonly unseen?: number;
  readonly play: (world: StoryWorld, times: Times) => void;
}

const importing = (n: number): Actor => ({ writer: `IMPORT:${n}`, maker: 'import' });
const app = (name: string): Actor => ({ writer: `INTEGRATION:${name}`, maker: 'program' });
const CALCULATED: Actor = { writer: 'CALCULATED:full_name', maker: 'automation' };
const some = (world: StoryWorld, least: number, most: number): string[] => world.dice.some(world.keys('contacts'), world.dice.int(least, most));
const then =
  (play: RoughStory['play']): RoughStory['play'] =>
  (world, times_) =>
    world.at(times_.atMs, () => play(world, times_));

/** A write that leaves what stands there, as platforms note it in their history. */
function rewrite(world: StoryWorld, key: string, field: string, who: Actor, atMs: number, cause?: string): void {
  const value = world.value('contacts', key, field);
  const name = cellName('contacts', key, field);
  const entry = { ...who, atMs, before: value, after: value, ...(cause === undefined ? {} : { cause }) };
  world.log.set(name, [...(world.log.get(name) ?? []), entry]);
}

/** No more than so many entries of a field, the newest. */
const cutTo =
  (most: number): Telling =>
  (history) => ({ ...history, fields: mapped(history, (entries) => entries.slice(0, most)) });

/** Times in whole seconds, and entries of the same second in any order. */
const inSeconds: Telling = (history) => ({
  ...history,
  fields: mapped(history, (entries) => {
    const rounded = entries.map((one) => (one.at === undefined ? one : { ...one, at: `${one.at.slice(0, 19)}.000Z` }));
    return rounded.sort((a, b) => Date.parse(b.at ?? '') - Date.parse(a.at ?? '') || JSON.stringify(a.value).length - JSON.stringify(b.value).length);
  }),
});

function mapped(
  { fields }: RecordHistory,
  made: (entries: readonly RecordHistory['fields'][string][number][]) => RecordHistory['fields'][string],
): RecordHistory['fields'] {
  return Object.fromEntries(Object.entries(fields).map(([name, entries]) => [name, made([...entries])]));
}

const ZIP: FieldPlan = { name: 'zip', type: 'string', make: (dice) => String(dice.int(1000, 99_998)).padStart(5, '0') };
const NUMBER: FieldPlan = { name: 'customer_no', type: 'string', make: (dice) => String(4_000_000_000_000 + dice.int(0, 999_999_999)) };
const FULL: FieldPlan = { name: 'full_name', type: 'string', make: () => null };
const MEETING: FieldPlan = {
  name: 'next_meeting',
  type: 'datetime',
  make: (dice) => (dice.is(0.7) ? new Date(Date.UTC(2026, 10, dice.int(8, 28), dice.int(7, 16), 15 * dice.int(0, 3))).toISOString() : null),
};
const PRICE: FieldPlan = {
  name: 'price_note',
  type: 'string',
  make: (dice) => (dice.is(0.8) ? `${String(dice.int(1, 899))}.${String(dice.int(100, 999))},${String(dice.int(10, 99))}` : null),
};

export const ROUGH: readonly RoughStory[] = [
  {
    name: 'a sync writes with the account of a person, who also works by hand',
    damage: true,
    play: (world, { baseMs, nowMs, atMs }) => {
      const shared = person(3);
      for (let ms = world.startMs; ms < nowMs; ms += DAY)
        for (let n = 0; n < 60; n += 1)
          world.at(ms + 2 * HOUR + n * 700, (at) =>
            world.write('contacts', world.dice.one(world.keys('contacts')), 'mobilephone', phone(world.dice), shared, at),
          );
      if (atMs > baseMs)
        world.at(atMs, () => burst(world, { keys: some(world, 250, 500), fields: { mobilephone: emptied }, who: shared, atMs, cause: 'burst' }));
    },
  },
  {
    name: 'two syncs with one name, one of them wrong',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, {
        keys: some(world, 300, 500),
        fields: { city: (old) => (old === null ? word(world.dice, 2) : undefined) },
        who: CRM,
        atMs: atMs + 2 * SECOND,
      });
      burst(world, { keys: some(world, 200, 400), fields: { company: misread }, who: CRM, atMs, cause: 'burst' });
    }),
  },
  {
    name: 'the wrong value is written again for two days',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = some(world, 150, 300);
      burst(world, { keys, fields: { firstname: always('Kunde') }, who: CRM, atMs, cause: 'burst' });
      for (let n = 1; n <= 6; n += 1)
        keys.forEach((key, i) => world.at(atMs + n * 2 * HOUR + i * 50, (ms) => rewrite(world, key, 'firstname', CRM, ms, 'burst')));
    }),
  },
  {
    name: 'a nightly job that writes what stands there, and changes a few',
    damage: false,
    play: (world, { baseMs, nowMs }) => {
      for (let ms = world.startMs + 2 * HOUR; ms < nowMs; ms += DAY)
        world.at(ms, () =>
          world.dice.some(world.keys('contacts'), 500).forEach((key, i) =>
            world.at(ms + i * 30, (at) => {
              if (world.dice.is(0.03)) world.write('contacts', key, 'segment', world.dice.one(['smb', 'mid', 'large']), ERP, at);
              else rewrite(world, key, 'segment', ERP, at);
            }),
          ),
        );
      if (baseMs < 0) throw new Error('never');
    },
  },
  {
    name: 'a counter that moves every hour, and the history holds twenty of it',
    damage: true,
    tell: cutTo(20),
    play: (world, { baseMs, nowMs, atMs }) => {
      const counted = world.dice.some(world.keys('contacts'), 120);
      for (let ms = baseMs - DAY; ms < nowMs; ms += HOUR)
        for (const key of counted)
          world.at(ms + world.dice.next() * 50 * MINUTE, (at) =>
            world.write(
              'contacts',
              key,
              'loyalty_points',
              String(Number(world.value('contacts', key, 'loyalty_points') ?? 0) + world.dice.int(1, 5)),
              LOYALTY,
              at,
            ),
          );
      world.at(atMs, () => burst(world, { keys: some(world, 200, 400), fields: { phone: emptied }, who: CRM, atMs, cause: 'burst' }));
    },
  },
  {
    name: 'times in whole seconds, in any order',
    damage: true,
    tell: inSeconds,
    play: then((world, { atMs }) => {
      const keys = some(world, 250, 450);
      burst(world, { keys, fields: { jobtitle: always('x') }, who: CRM, atMs, cause: 'burst', everyMs: 200 });
      burst(world, { keys, fields: { jobtitle: emptied }, who: CRM, atMs: atMs + 90, cause: 'burst', everyMs: 200 });
    }),
  },
  {
    name: 'the platform gives all phone numbers one form',
    damage: false,
    play: then((world, { atMs }) =>
      burst(world, {
        keys: world.keys('contacts').slice(0, 1800),
        fields: { phone: (old) => (typeof old === 'string' ? old.replaceAll(' ', '') : undefined) },
        who: { writer: 'DATA_FORMATTING', maker: 'automation' },
        atMs,
        batch: 100,
      }),
    ),
  },
  {
    name: 'a spreadsheet loses leading zeros',
    damage: true,
    fields: [ZIP],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: world.keys('contacts').slice(0, 1500),
        fields: { zip: (old) => (typeof old === 'string' && old.startsWith('0') ? String(Number(old)) : undefined) },
        who: importing(700),
        atMs,
        batch: 100,
        cause: 'import',
      }),
    ),
  },
  {
    name: 'a spreadsheet writes long numbers in short',
    damage: true,
    fields: [NUMBER],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 200, 500),
        fields: { customer_no: (old) => (typeof old === 'string' ? Number(old).toExponential(5).replace('e', 'E') : undefined) },
        who: importing(701),
        atMs,
        cause: 'import',
      }),
    ),
  },
  {
    name: 'a calculated name follows the damaged one',
    damage: true,
    fields: [FULL],
    play: (world, { atMs }) => {
      world.reactions.push((where, object, key, field, write) => {
        if (object === 'contacts' && (field === 'firstname' || field === 'lastname'))
          where.at(write.atMs + where.dice.int(500, 4000), (at) =>
            where.write(
              'contacts',
              key,
              'full_name',
              `${String(where.value('contacts', key, 'firstname'))} ${String(where.value('contacts', key, 'lastname'))}`,
              CALCULATED,
              at,
              write.cause,
            ),
          );
      });
      for (const key of world.keys('contacts')) {
        const record = world.table('contacts').get(key);
        if (record !== undefined) record['full_name'] = `${String(record['firstname'])} ${String(record['lastname'])}`;
      }
      world.at(atMs, () => burst(world, { keys: some(world, 200, 400), fields: { firstname: always('Friend') }, who: CRM, atMs, cause: 'burst' }));
    },
  },
  {
    name: 'a person merges duplicates while a sync empties phones',
    damage: true,
    play: then((world, { atMs }) => {
      some(world, 40, 60).forEach((key, i) => world.at(atMs + i * 25 * SECOND, (ms) => world.remove('contacts', key, person(4), ms)));
      burst(world, { keys: some(world, 200, 400), fields: { phone: emptied }, who: CRM, atMs: atMs + 5 * MINUTE, cause: 'burst' });
    }),
  },
  {
    name: 'meetings two hours late: a time zone is read as UTC',
    damage: true,
    fields: [MEETING],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 300, 700),
        fields: { next_meeting: (old) => (typeof old === 'string' ? new Date(Date.parse(old) + 2 * HOUR).toISOString() : undefined) },
        who: app('calendar'),
        atMs,
        cause: 'zone',
      }),
    ),
  },
  {
    name: 'a sync fills what was empty, as it was asked to, and empties another field',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, {
        keys: world.keys('contacts'),
        fields: { jobtitle: (old) => (old === null ? 'Contact' : undefined) },
        who: CRM,
        atMs,
        batch: 100,
        everyMs: 700,
      });
      burst(world, { keys: some(world, 200, 400), fields: { phone: emptied }, who: CRM, atMs: atMs + 300, cause: 'burst' });
    }),
  },
  {
    name: 'the base was taken in the middle of the burst',
    damage: true,
    afterBase: -9 * SECOND,
    play: then((world, { atMs }) =>
      burst(world, { keys: some(world, 600, 700), fields: { phone: emptied }, who: CRM, atMs, cause: 'burst', batch: 20, everyMs: 900 }),
    ),
  },
  {
    name: 'the base was taken in the middle of a wrong name',
    damage: true,
    afterBase: -20 * SECOND,
    play: then((world, { atMs }) =>
      burst(world, { keys: some(world, 800, 900), fields: { lastname: always('Muster') }, who: CRM, atMs, cause: 'burst', batch: 20, everyMs: 900 }),
    ),
  },
  {
    name: 'a copy that fell behind overwrites newer values, one at a time',
    damage: true,
    unseen: 0.3,
    days: 4,
    play: (world, { baseMs, nowMs }) => {
      // Whatever a person corrects, the sync puts the old value back within the hour.
      world.reactions.push((where, object, key, field, write) => {
        if (object !== 'contacts' || write.maker !== 'person' || write.atMs < baseMs || !['phone', 'lastname', 'jobtitle', 'notes'].includes(field))
          return;
        where.at(write.atMs + where.dice.int(5, 55) * MINUTE, (at) => {
          if (JSON.stringify(where.value('contacts', key, field)) === JSON.stringify(write.after))
            where.write('contacts', key, field, write.before, CRM, at, 'stale');
        });
      });
      for (let n = 0; n < 200; n += 1)
        world.at(baseMs + DAY + (n / 200) * (nowMs - baseMs - 1.5 * DAY), (at) => {
          const key = world.dice.one(world.keys('contacts'));
          const older = (world.log.get(cellName('contacts', key, 'company')) ?? []).at(-1)?.before;
          if (typeof older === 'string') world.write('contacts', key, 'company', older, CRM, at, 'stale');
        });
    },
  },
  {
    name: 'a new app goes live while the old sync breaks texts',
    damage: true,
    play: then((world, { atMs }) => {
      burst(world, {
        keys: some(world, 400, 800),
        fields: { segment: () => world.dice.one(['smb', 'mid', 'large']) },
        who: app('segments'),
        atMs,
        batch: 100,
      });
      burst(world, {
        keys: some(world, 200, 400),
        fields: { lastname: misread, company: misread },
        who: CRM,
        atMs: atMs + 3 * SECOND,
        cause: 'burst',
      });
    }),
  },
  {
    name: 'people ask to be forgotten',
    damage: false,
    play: then((world, { atMs }) =>
      some(world, 8, 12).forEach((key, i) =>
        world.at(atMs + i * 4 * MINUTE, (ms) => {
          for (const field of ['phone', 'mobilephone', 'jobtitle', 'city', 'notes']) world.write('contacts', key, field, null, person(7), ms);
        }),
      ),
    ),
  },
  {
    name: 'a person renames a company on all its contacts',
    damage: false,
    play: then((world, { atMs }) => {
      const keys = some(world, 60, 120);
      burst(world, { keys, fields: { company: always('Acme Group') }, who: person(2), atMs, batch: 50 });
    }),
  },
  {
    name: 'many subscribe again by a form',
    damage: false,
    play: then((world, { atMs }) => {
      const out = world.keys('contacts').filter((key) => world.value('contacts', key, 'opted_out') === true);
      world.dice
        .some(out, 70)
        .forEach((key, i) => world.at(atMs + i * 3 * MINUTE, (ms) => world.write('contacts', key, 'opted_out', false, FORM, ms)));
    }),
  },
  {
    name: 'prices with comma and point exchanged',
    damage: true,
    fields: [PRICE],
    play: then((world, { atMs }) =>
      burst(world, {
        keys: some(world, 300, 600),
        fields: { price_note: (old) => (typeof old === 'string' ? old.replaceAll('.', '#').replaceAll(',', '.').replaceAll('#', ',') : undefined) },
        who: ERP,
        atMs,
        cause: 'burst',
      }),
    ),
  },
  {
    name: 'emptied on Monday, multiplied on Wednesday, by one sync',
    damage: true,
    days: 4,
    play: (world, { baseMs }) => {
      world.at(baseMs + 8 * HOUR, (atMs) =>
        burst(world, { keys: some(world, 200, 300), fields: { loyalty_points: emptied }, who: LOYALTY, atMs, cause: 'one' }),
      );
      world.at(baseMs + 2 * DAY + 8 * HOUR, (atMs) =>
        burst(world, { keys: some(world, 200, 300), fields: { loyalty_points: times(100) }, who: LOYALTY, atMs, cause: 'two' }),
      );
    },
  },
  {
    name: 'links lose their label and get another one',
    damage: true,
    play: then((world, { atMs }) => {
      const pairs = world.dice.some([...world.links], 120);
      for (const pair of pairs) world.link(pair, false, CRM, atMs, 'label');
    }),
  },
  {
    name: 'a newsletter program writes consent the wrong way round for half its list',
    damage: true,
    play: then((world, { atMs }) => {
      const keys = some(world, 500, 700);
      burst(world, { keys, fields: { opted_out: (old: Value) => old !== true }, who: MAIL, atMs, cause: 'consent' });
    }),
  },
];
