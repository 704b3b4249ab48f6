import { describe, expect, it } from 'vitest';

import { FAULTS } from '../../../src/drills/faults/registry.js';
import type { StagedAccount } from '../../../src/stages/index.js';
import { memoryAccount, onHubSpot, strike, type Struck } from './support/struck.js';

/** A strike: on the account without a vendor, on HubSpot, the fields that change. */
interface Case {
  readonly memory: object;
  readonly hubspot: object;
  readonly fields?: { readonly memory: readonly string[]; readonly hubspot: readonly string[] };
}

const N = { records: 4 };
const person = (field: string, more: object = {}): object => ({ object: 'person', field, ...N, ...more });
const contact = (field: string, more: object = {}): object => ({ object: 'contacts', field, ...N, ...more });
const one = (memory: string, hubspot: string, more: object = {}): Case => ({
  memory: person(memory, more),
  hubspot: contact(hubspot, more),
  fields: { memory: [memory], hubspot: [hubspot] },
});
const both = (more: object): Case => ({
  memory: person('name', { with: 'town', ...more }),
  hubspot: contact('firstname', { with: 'city', ...more }),
  fields: { memory: ['name', 'town'], hubspot: ['city', 'firstname'] },
});
const deal = (memory: string, hubspot: string): Case => ({ ...one(memory, hubspot), hubspot: { ...contact(hubspot), object: 'deals' } });
const LINKS = { memory: { object: 'person', to: 'group', ...N }, hubspot: { object: 'contacts', to: 'companies', ...N } };
const RECORDS = { memory: { object: 'person', ...N }, hubspot: { object: 'contacts', ...N } };

const CASES: Readonly<Record<string, Case>> = {
  overwrite: one('name', 'firstname'),
  'empty-values': one('town', 'jobtitle'),
  placeholder: one('note', 'jobtitle'),
  multiply: deal('sum', 'amount'),
  'shift-dates': deal('day', 'closedate'),
  'exchange-day-month': deal('day', 'closedate'),
  'remap-option': {
    ...one('step', 'hs_lead_status', { from: 'third', to: 'first' }),
    hubspot: contact('hs_lead_status', { from: 'NEW', to: 'OPEN' }),
  },
  'remove-option': {
    ...one('step', 'hs_lead_status', { option: 'third' }),
    hubspot: contact('hs_lead_status', { option: 'NEW', renamed: 'New' }),
  },
  'change-case': one('step', 'firstname'),
  'reassign-owner': one('owner', 'hubspot_owner_id'),
  'move-back': { ...one('step', 'lifecyclestage'), hubspot: contact('lifecyclestage', { order: ['subscriber', 'lead', 'opportunity', 'customer'] }) },
  'swap-fields': both({}),
  'move-over': both({}),
  'shift-rows': one('code', 'email'),
  'opt-in': one('out', 'hs_email_optout'),
  'clear-flag': one('out', 'hs_marketable_consent'),
  truncate: one('name', 'lastname', { length: 3 }),
  'wrong-decoding': one('name', 'lastname'),
  'in-passes': {
    memory: person('name', { between: 'note' }),
    hubspot: contact('firstname', { between: 'jobtitle' }),
    fields: { memory: ['name', 'note'], hubspot: ['firstname', 'jobtitle'] },
  },
  'cut-links': LINKS,
  'misdirect-links': LINKS,
  'empty-list': { memory: { object: 'group', of: 'person' }, hubspot: { object: 'companies', of: 'contacts' } },
  'delete-records': RECORDS,
  'recreate-records': RECORDS,
  'merge-records': RECORDS,
  'duplicate-records': { memory: person('name'), hubspot: contact('firstname') },
};

const records = (names: readonly string[]): number =>
  new Set(names.filter((name) => !name.includes(' ')).map((name) => name.split('/').slice(0, 2).join('/'))).size;
const links = (names: readonly string[]): number => names.filter((name) => name.includes(' ')).length;

it('has a case for every fault', () => {
  expect(Object.keys(CASES).sort()).toEqual(FAULTS.map(({ kind }) => kind).sort());
});

describe.each(Object.entries(CASES))('%s', (kind, { memory, hubspot, fields }) => {
  it('damages what was asked for, and nothing else, on an account of no vendor', async () => {
    const struck = await strike(memoryAccount(), kind, memory);
    expect(struck.error).toBeUndefined();
    if (fields !== undefined) {
      expect(struck.fields).toEqual(fields.memory);
      expect(records(struck.names)).toBe(4);
      expect(links(struck.names)).toBe(0);
    } else expect(struck.names.length).toBeGreaterThanOrEqual(4);
    expect((await strike(memoryAccount(), kind, memory)).after).toEqual(struck.after);
  });

  it('damages what was asked for, and nothing else, on HubSpot', async () => {
    const struck = await onHubSpot(async (account) => await strike(account, kind, hubspot));
    expect(struck.error).toBeUndefined();
    expect(struck.names).not.toEqual([]);
    if (fields !== undefined) {
      expect(struck.fields).toEqual(fields.hubspot);
      expect(records(struck.names)).toBe(4);
      expect(links(struck.names)).toBe(0);
    }
  });

  it('writes nothing where it cannot take effect', async () => {
    const nowhere = { ...memory, object: 'nothing' };
    const struck = await strike(memoryAccount(), kind, nowhere);
    expect(struck.error).toMatchObject({ code: 'fault-impossible' });
    expect(struck.names).toEqual([]);
    if ('records' in memory) {
      const tooMany = await strike(memoryAccount(), kind, { ...memory, records: 1000 });
      expect(tooMany.error).toMatchObject({ code: 'fault-impossible' });
      expect(tooMany.names).toEqual([]);
    }
  });
});

describe('numbers of links and records', () => {
  it.each([
    ['cut-links', 0, 4],
    ['misdirect-links', 0, 8],
    ['delete-records', 4, 4],
    ['recreate-records', 8, 4],
    ['merge-records', 4, 4],
    ['duplicate-records', 4, 0],
  ])('%s: %i records and %i links differ', async (kind, changed, linked) => {
    const { names } = await strike(memoryAccount(), kind, CASES[kind]?.memory ?? {});
    expect([records(names), links(names)]).toEqual([changed, linked]);
  });
});

describe('remove-option', () => {
  const optionsOf = (account: StagedAccount): readonly string[] => account.fields('person').find(({ name }) => name === 'step')?.options ?? [];
  const held = ({ after }: Struck, value: string): number => [...after.records.values()].filter(({ step }) => step === value).length;

  it('takes the option away, empties some records, and leaves it on the others', async () => {
    const account = memoryAccount();
    const struck = await strike(account, 'remove-option', { ...person('step', { option: 'third' }) });
    expect(optionsOf(account)).toEqual(['first', 'second', 'THIRD']);
    expect(held(struck, 'third')).toBe(6);
  });

  it('puts the new name in its place, and writes it where it is said so', async () => {
    const account = memoryAccount();
    const struck = await strike(account, 'remove-option', { ...person('step', { option: 'third', renamed: 'Third' }) });
    expect(optionsOf(account)).toEqual(['first', 'second', 'Third', 'THIRD']);
    expect([held(struck, 'third'), held(struck, 'Third')]).toEqual([6, 4]);
  });

  const likesOf = ({ after }: Struck, ...keys: readonly number[]): (string | undefined)[] =>
    keys.map((n) => after.records.get(`person/p${n}`)?.['likes']);

  it('takes one of several options from a record and leaves the others, and empties a field that held no other', async () => {
    const struck = await strike(memoryAccount(), 'remove-option', { object: 'person', field: 'likes', records: 8, option: 'tea' });
    expect(struck.error).toBeUndefined();
    expect(struck.fields).toEqual(['likes']);
    // Of the last kind no record is taken: the sync could not write `wine`, which is no option.
    expect(likesOf(struck, 0, 1, 2, 3, 4)).toEqual([undefined, 'milk', 'green tea;milk', 'milk', 'milk;tea;wine']);
    expect(records(struck.names)).toBe(8);
    const more = await strike(memoryAccount(), 'remove-option', { object: 'person', field: 'likes', records: 9, option: 'tea' });
    expect(more.error).toMatchObject({ code: 'fault-impossible' });
  });

  it('writes the new name among several options', async () => {
    const struck = await strike(memoryAccount(), 'remove-option', {
      object: 'person',
      field: 'likes',
      records: 8,
      option: 'tea',
      renamed: 'black tea',
    });
    expect(likesOf(struck, 0, 1, 2, 4)).toEqual(['black tea', 'milk;black tea', 'green tea;milk', 'milk;tea;wine']);
    const parted = await strike(memoryAccount(), 'remove-option', { object: 'person', field: 'likes', option: 'tea', renamed: 'a;b' });
    expect(parted.error).toMatchObject({ code: 'fault-impossible', why: expect.stringContaining('cannot contain') as string });
  });

  it('takes one of several options on HubSpot', async () => {
    await onHubSpot(async (account) => {
      const before = (await account.records('deals')).filter(({ values }) => values['products']?.split(';').includes('plus')).length;
      const struck = await strike(account, 'remove-option', { object: 'deals', field: 'products', option: 'plus', records: 2 });
      expect(struck.error).toBeUndefined();
      expect([struck.fields, struck.names.length]).toEqual([['products'], 2]);
      for (const name of struck.names) {
        const id = name.split('/').slice(0, 2).join('/');
        const [was, is] = [struck.before, struck.after].map(({ records: all }) => (all.get(id)?.['products'] ?? '').split(';').filter(Boolean));
        expect(is).toEqual(was?.filter((each) => each !== 'plus'));
      }
      const after = (await account.records('deals')).filter(({ values }) => values['products']?.split(';').includes('plus')).length;
      expect(after).toBe(before - 2);
    });
  });

  it.each([
    ['the option is none', { option: 'tenth' }, /no option "tenth"/u],
    ['no record holds it', { option: 'first' }, /can be damaged this way/u],
    ['the new name is there already', { option: 'third', renamed: 'THIRD' }, /already/u],
    ['the field is no choice', { option: 'third', field: 'name' }, /one of several/u],
  ])('takes no option away where %s', async (_, more, why) => {
    const account = memoryAccount();
    const { error, names } = await strike(account, 'remove-option', { ...person('step'), ...more });
    expect(error).toMatchObject({ code: 'fault-impossible', why: expect.stringMatching(why) as string });
    expect(names).toEqual([]);
    expect(optionsOf(account)).toEqual(['first', 'second', 'third', 'THIRD']);
  });

  it('takes no option away where the platform refuses what is written in its place, or lets nobody change options', async () => {
    const { setOptions, ...fixed } = memoryAccount();
    expect(setOptions).toBeDefined();
    const refused = memoryAccount();
    const stubborn: StagedAccount = {
      ...refused,
      as: (who) => ({
        ...refused.as(who),
        update: async () => await Promise.reject(new Error('not today')),
      }),
    };
    for (const account of [fixed, stubborn]) {
      const { error, names } = await strike(account, 'remove-option', person('step', { option: 'third' }));
      expect(error).toMatchObject({ code: 'fault-impossible' });
      expect(names).toEqual([]);
      expect(optionsOf(account)).toContain('third');
    }
  });

  it('is mended by hand: what was lost is added again, what is new stays, and what nobody changed is not touched', async () => {
    await onHubSpot(async (account, { local }) => {
      const statuses = (): readonly string[] => account.fields('contacts').find(({ name }) => name === 'hs_lead_status')?.options ?? [];
      const before = statuses();
      expect(local?.putOptionsBack()).toEqual([]);
      await strike(account, 'remove-option', contact('hs_lead_status', { option: 'NEW', renamed: 'New' }));
      expect(statuses()).not.toContain('NEW');
      expect(local?.putOptionsBack()).toEqual(['contacts/hs_lead_status']);
      expect(statuses()).toEqual([...before, 'New']);
      expect(local?.putOptionsBack()).toEqual([]);
    });
  });
});
