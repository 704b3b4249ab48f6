import * as fc from 'fast-check';

import type { SideIndex } from '../../../../src/mappings/index.js';
import type { FieldSchema, ObjectSchema, PlatformRecord, Value } from '../../../../src/records/index.js';

/** A mapping with every kind of trouble: two ways to match, blanks, options, lists, phones, inactive records. */
export const MAPPING = `version: 1
id: people
between: { crm: crm/Contact, map: map/contacts }
match: [{ crm: MapId, map: key }, { crm: Email, map: email, as: email }]
settle: 5m
creates: [map]
on_delete: { crm: inactive in map }
inactive: { map: { status: GONE } }
fields:
  - { crm: Title, map: title, authority: crm }
  - { crm: Phone, map: phone, authority: crm, as: phone/US, blank: keep }
  - { crm: Status, map: status, authority: map, values: { New: NEW, Open: [OPEN, WORKING] }, blank: refuse }
  - { crm: Tags, map: tags, two_way: both sides tag people, wins: newest, as: list }
`;

const field = (name: string, type: FieldSchema['type'] = 'string'): FieldSchema => ({ name, type, platformType: 'text', readOnly: false });
const object = (name: string, fields: readonly FieldSchema[]): ObjectSchema => ({
  object: name,
  keyFields: [],
  fields,
  createWithKey: false,
  undelete: false,
  sideEffects: [],
});
export const SCHEMAS = [
  object('Contact', [field('MapId'), field('Email'), field('Title'), field('Phone'), field('Status', 'enum'), field('Tags')]),
  object('contacts', [field('email'), field('title'), field('phone'), field('status', 'enum'), field('tags')]),
] as const;

/** Values of a record, whichever side it is on; `id`: the key there, or what names it. */
export interface Person {
  readonly id: string | null;
  readonly email: string | null;
  readonly title: Value;
  readonly phone: Value;
  readonly status: Value;
  readonly tags: Value;
}

/** The same person as a record of a side. */
export function recordOf(side: SideIndex, { id, email, title, phone, status, tags }: Person, key: string): PlatformRecord {
  if (side === 0) return { key, fields: { MapId: id, Email: email, Title: title, Phone: phone, Status: status, Tags: tags }, meta: {} };
  // What has an id is known by it.
  return { key: id ?? key, fields: { email, title, phone, status, tags }, meta: {} };
}

/** People of whom many are twins, in few ids and addresses, with the texts that platforms change. */
export const EITHER_SIDE: fc.Arbitrary<Person> = fc.record({
  id: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 30 }).map((n) => `id-${n}`) }),
  email: fc.oneof(
    fc.constant(null),
    fc.constantFrom('', ' ', 'n/a'),
    fc.tuple(fc.integer({ min: 0, max: 25 }), fc.boolean()).map(([n, loud]) => (loud ? ` P${n}@Example.com` : `p${n}@example.com`)),
  ),
  title: fc.constantFrom(null, '', ' ', 'Head', 'Head ', 'He\u0301ad', 'H\u00e9ad', 'Head  of', 'Head of', 'head'),
  phone: fc.constantFrom(null, '', '+14155550123', '(415) 555-0123', '4.155E+9', 'n/a'),
  status: fc.constantFrom(null, 'New', 'NEW', 'Open', 'OPEN', 'WORKING', 'Lost', 'GONE', 'new'),
  tags: fc.constantFrom(null, '', 'a', 'a;b', 'b;a', 'a; b', ['a', 'b'], ['b', 'a'], 'a;a;b'),
});
