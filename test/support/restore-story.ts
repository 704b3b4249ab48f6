import * as fc from 'fast-check';

import { sameValue, type Fields, type LinkSchema, type Value } from '../../src/records/index.js';
import { linkName, textOf, type Habit, type MemoryConnector } from './memory-connector.js';
import { COMPANY_KEY, field, WORKS_AT } from './restore-world.js';

/** Something that happens to the platform from outside. */
export type Act =
  | { readonly do: 'set'; readonly who: number; readonly name: 'name' | 'phone' | 'pipeline' | 'stage' | 'owner'; readonly value: number }
  | { readonly do: 'tag'; readonly who: number; readonly tags: readonly string[] }
  | { readonly do: 'shift'; readonly who: number; readonly count: number; readonly ring: boolean; readonly name: boolean }
  | { readonly do: 'delete'; readonly who: number }
  | { readonly do: 'delete-company'; readonly company: number }
  | { readonly do: 'create'; readonly company: number }
  | { readonly do: 'create-company' }
  | { readonly do: 'link'; readonly who: number; readonly company: number; readonly there: boolean };

/** A random incident: what was there, what the damage did, what people did before, after, and while the restore ran. */
export interface Story {
  readonly kind: 'crm' | 'database';
  readonly conditionalWrite: boolean;
  readonly batch: number;
  readonly contacts: number;
  readonly companies: number;
  readonly first: readonly { readonly by: 'sync' | 'user'; readonly act: Act }[];
  readonly later: readonly Act[];
  readonly meanwhile: readonly Act[];
  /** What the platform does by itself once the base is taken; nothing where the story does not say. */
  readonly habits?: readonly Habit[];
  readonly faults: Readonly<Record<number, 'drop-answer' | 'lose-request' | 'fail' | 'refuse'>>;
}

const who = fc.nat(13);
const company = fc.nat(4);
const set = fc.record({
  do: fc.constant('set' as const),
  who,
  name: fc.constantFrom('name' as const, 'phone' as const, 'pipeline' as const, 'stage' as const, 'owner' as const),
  value: fc.nat(3),
});
const tag = fc.record({ do: fc.constant('tag' as const), who, tags: fc.subarray(['a', 'b', 'c', 'd']) });
/** Addresses of some people move by one, the last one's to the first or away; with a name on top. */
const shift = fc.record({ do: fc.constant('shift' as const), who, count: fc.integer({ min: 2, max: 10 }), ring: fc.boolean(), name: fc.boolean() });
const remove = fc.record({ do: fc.constant('delete' as const), who });
const removeCompany = fc.record({ do: fc.constant('delete-company' as const), company });
const create = fc.record({ do: fc.constant('create' as const), company });
const createCompany = fc.record({ do: fc.constant('create-company' as const) });
const link = fc.record({ do: fc.constant('link' as const), who, company, there: fc.boolean() });

const bySync = fc.record({
  by: fc.constant('sync' as const),
  act: fc.oneof(set, set, tag, shift, remove, removeCompany, create, createCompany, link, link) as fc.Arbitrary<Act>,
});
// What people delete or link before the snapshot of the damage cannot be told from damage: no platform keeps a history
// of it.
const byUser = fc.record({ by: fc.constant('user' as const), act: fc.oneof(set, tag, create) as fc.Arbitrary<Act> });

/** Random stories. */
export const story: fc.Arbitrary<Story> = fc.record({
  kind: fc.constantFrom('crm', 'database'),
  conditionalWrite: fc.boolean(),
  batch: fc.integer({ min: 1, max: 6 }),
  contacts: fc.integer({ min: 1, max: 10 }),
  companies: fc.integer({ min: 1, max: 3 }),
  first: fc.array(fc.oneof(bySync, bySync, byUser), { maxLength: 25 }),
  later: fc.array(fc.oneof(set, set, tag, remove, create, link) as fc.Arbitrary<Act>, { maxLength: 8 }),
  meanwhile: fc.array(fc.oneof(set, tag) as fc.Arbitrary<Act>, { maxLength: 4 }),
  habits: fc.subarray(['normalises', 'fills', 'sets-also', 'reacts', 'refuses'] as const),
  faults: fc.dictionary(
    fc.integer({ min: 1, max: 12 }).map(String),
    fc.constantFrom('drop-answer' as const, 'lose-request' as const, 'fail' as const, 'refuse' as const),
    { maxKeys: 3 },
  ),
});

/**
 * Fields of the story's contacts beside those of the schema: never edited, so that a record is known whatever its key
 * is.
 */
export const UID = field('uid');

function phoneOf(n: number): string {
  return `+1 (888) 482-710${n}`;
}

function valueOf({ name, value }: Extract<Act, { readonly do: 'set' }>): Value {
  if (value === 3) return null;
  return name === 'phone' ? phoneOf(value) : String(value);
}

/** Plays acts on a platform as somebody, within the rules the platform itself would enforce. */
export class Player {
  readonly #connector: MemoryConnector;
  readonly #database: boolean;
  #made = 0;

  constructor(connector: MemoryConnector, kind: Story['kind']) {
    this.#connector = connector;
    this.#database = kind === 'database';
  }

  /** The records the story begins with. */
  begin(story: Story): void {
    for (let i = 0; i < story.companies; i += 1) this.#connector.put('companies', `c${i}`, { uid: `c${i}`, name: `C${i}`, city: null }, 'import');
    for (let i = 0; i < story.contacts; i += 1) {
      const tags = i % 2 === 0 ? ['a', 'b'] : [];
      const parent = `c${i % story.companies}`;
      const fields = {
        uid: `p${i}`,
        name: `N${i % 3}`,
        email: `p${i}@x`,
        phone: i % 3 === 0 ? null : phoneOf(1),
        tags,
        pipeline: '0',
        stage: '0',
        owner: i % 3 === 1 ? 'gone' : '0',
      };
      this.#connector.put('contacts', `p${i}`, this.#database ? { ...fields, company: parent } : fields, 'import');
      if (!this.#database && i % 4 !== 3) this.#connector.relate(WORKS_AT, { from: `p${i}`, to: parent }, true);
    }
  }

  play(act: Act, writer: string): void {
    const state = this.#connector.state();
    const contacts = state.records['contacts'] ?? {};
    const companies = state.records['companies'] ?? {};
    const person = pick(contacts, 'who' in act ? act.who : 0);
    const parent = pick(companies, 'company' in act ? act.company : 0);
    switch (act.do) {
      case 'set':
        if (person !== undefined) this.#connector.put('contacts', person, { [act.name]: valueOf(act) }, writer);
        return;
      case 'tag':
        if (person !== undefined) this.#connector.put('contacts', person, { tags: act.tags }, writer);
        return;
      case 'shift': {
        const keys = Object.keys(contacts).sort();
        const some = keys.slice(act.who % Math.max(keys.length, 1)).slice(0, act.count);
        const emails = some.map((key) => contacts[key]?.['email'] ?? null);
        const last = act.ring ? (emails[0] ?? null) : `m${(this.#made += 1)}@x`;
        for (const [i, key] of some.entries())
          this.#connector.put('contacts', key, { email: emails[i + 1] ?? last, ...(act.name ? { name: 'moved' } : {}) }, writer);
        return;
      }
      case 'delete':
        if (person !== undefined) this.#connector.put('contacts', person, null, writer);
        return;
      case 'delete-company':
        if (parent !== undefined && !Object.values(contacts).some((fields) => fields['company'] === parent))
          this.#connector.put('companies', parent, null, writer);
        return;
      case 'create-company': {
        const key = `nc${(this.#made += 1)}`;
        this.#connector.put('companies', key, { uid: key, name: 'new', city: 'x' }, writer);
        return;
      }
      case 'create': {
        const key = `n${(this.#made += 1)}`;
        const fields: Record<string, Value> = {
          uid: key,
          name: 'new',
          email: `${key}@x`,
          phone: null,
          tags: ['a'],
          pipeline: '0',
          stage: '0',
          owner: '0',
          closed_at: null,
          greeting: null,
        };
        if (this.#database) fields['company'] = parent ?? null;
        this.#connector.put('contacts', key, fields, writer);
        if (!this.#database && parent !== undefined) this.#connector.relate(WORKS_AT, { from: key, to: parent }, true);
        return;
      }
      case 'link':
        if (person === undefined) return;
        if (this.#database) this.#connector.put('contacts', person, { company: act.there ? (parent ?? null) : null }, writer);
        else if (parent !== undefined) this.#connector.relate(WORKS_AT, { from: person, to: parent }, act.there);
    }
  }
}

type State = ReturnType<MemoryConnector['state']>;
type Flat = Record<string, Record<string, Value>>;

/** The last one who changed a cell to the value it had in the snapshot of the damage. */
export type WroteIt = (object: string, key: string, name: string, value: Value) => string | undefined;

/**
 * Records by uid, each with its fields and, as `links`, the uids it is linked to. Throws where two records share a uid:
 * a double.
 */
export function byUid(state: State): Flat {
  const flat: Flat = {};
  const uids = new Map<string, string>();
  for (const [object, rows] of Object.entries(state.records))
    for (const [key, fields] of Object.entries(rows)) {
      const uid = textOf(fields['uid']);
      if (flat[uid] !== undefined) throw new Error(`${object} ${uid} is there twice`);
      // Nothing is nothing, whether a platform gives the field or not.
      flat[uid] = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
      uids.set(`${object}/${key}`, uid);
    }
  for (const link of [WORKS_AT, COMPANY_KEY] as LinkSchema[])
    for (const pair of state.links[linkName(link)] ?? []) {
      const [from = '', to = ''] = pair.split('>');
      const record = flat[uids.get(`${link.from}/${from}`) ?? ''];
      if (record !== undefined && link.viaFields === undefined)
        record['links'] = [...((record['links'] ?? []) as string[]), uids.get(`${link.to}/${to}`) ?? to].sort();
    }
  for (const record of Object.values(flat))
    if (typeof record['company'] === 'string') record['company'] = uids.get(`companies/${record['company']}`) ?? record['company'];
  return flat;
}

/** Compares two cells as people do: nothing is nothing. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  return sameValue(a ?? null, b ?? null);
}

function pick(rows: Readonly<Record<string, Fields>>, index: number): string | undefined {
  const keys = Object.keys(rows).sort();
  return keys.length === 0 ? undefined : keys[index % keys.length];
}
