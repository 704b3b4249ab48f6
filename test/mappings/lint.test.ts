import { expect, test } from 'vitest';

import { lintMappings, type LintRule, type LostOption, parseMapping } from '../../src/mappings/index.js';
import { CRM, cleanWorld, field, lint, MAP, MAPPING, object, withField, without, type World } from './support/pair.js';

/** A user would lose: values that are cut, options that are dropped, loops, without anybody noticing for weeks. */

test('of a pair that is in order, nothing is told but the way of matching that is tried last', () => {
  // Two contacts of the CRM may share an address, and the id is tried before it.
  expect(lint(cleanWorld()).map(({ rule, severity, line }) => [rule, severity, line])).toEqual([['match-not-unique', 'warning', 4]]);
});

const clean = lint(cleanWorld()).length;
const text = (world: World, from: string, to: string): void => {
  const before = world.mappings['contacts.yml'] ?? '';
  expect(before).toContain(from);
  world.mappings['contacts.yml'] = before.replace(from, to);
};
const add = (world: World, line: string): void => {
  world.mappings['contacts.yml'] += `  - ${line}\n`;
};
const held = (counts: Record<string, number>): World['held'][string] => ({ counts: new Map(Object.entries(counts)), source: 'snapshot 1' });

/** What is done to it, where it is told (severity, line of the mapping) and in which words. */
const BREAKS: readonly (readonly [name: string, (world: World) => void, rule: LintRule, where: string, words: string])[] = [
  [
    'a platform that is not in runback.yml',
    (w) => void (w.platforms = ['salesforc', 'hubspot']),
    'platform-unknown',
    'error:3',
    'did you mean "salesforc"?',
  ],
  ['a platform that does not answer', (w) => void (w.map = { unreadable: 'it does not answer' }), 'unreadable', 'error:3', 'it does not answer'],
  ['an object type that is gone', (w) => void (w.map = { missing: ['contact'] }), 'object-unknown', 'error:3', 'did you mean "contact"?'],
  ['an object type without a key', (w) => void (w.map = { schema: { ...MAP, refused: 'no key' } }), 'object-refused', 'error:3', 'no key'],
  ['two files under one id', (w) => void (w.mappings['a.yml'] = MAPPING), 'id-twice', 'error:2', 'another file'],
  [
    'a field that was removed',
    (w) => void (w.map = without(MAP, 'jobtitle')),
    'field-unknown',
    'error:10',
    'hubspot/contacts has no field "jobtitle"',
  ],
  [
    'a field that was renamed',
    (w) => void (w.crm = withField(CRM, 'Title', { name: 'Title__c' })),
    'field-unknown',
    'error:10',
    'did you mean "Title__c"?',
  ],
  [
    'a field that is never stored',
    (w) => void (w.map = { schema: { ...MAP, fields: MAP.fields.slice(0, 2), withheld: ['phone'] } }),
    'field-withheld',
    'error:11',
    'never_store',
  ],
  [
    'a field that became read-only',
    (w) => void (w.map = withField(MAP, 'jobtitle', { readOnly: true })),
    'field-read-only',
    'error:10',
    'map.jobtitle cannot be written',
  ],
  [
    'a field that is only given on create',
    (w) => void (w.map = withField(MAP, 'jobtitle', { readOnly: true, givenOnCreate: true })),
    'field-read-only',
    'error:10',
    'once a record is there',
  ],
  [
    'a key that is written',
    (w) => add(w, '{ crm: Title, map: key, authority: crm }'),
    'key-written',
    'error:18',
    'the key of a record cannot be written',
  ],
  [
    'a text that became a number',
    (w) => void (w.map = withField(MAP, 'jobtitle', { type: 'number' })),
    'type-mismatch',
    'error:10',
    'say as: number',
  ],
  ['a text that became a date', (w) => void (w.map = withField(MAP, 'jobtitle', { type: 'date' })), 'type-mismatch', 'error:10', 'say as: date'],
  [
    'a choice of several that became one of one',
    (w) => void (w.map = withField(MAP, 'topics', { type: 'enum' })),
    'type-mismatch',
    'error:13',
    'which option each value is',
  ],
  ['several that go into a text', (w) => void (w.map = withField(MAP, 'topics', { type: 'string' })), 'type-mismatch', 'error:13', 'say as: list'],
  [
    'a moment that goes into a day',
    (w) => void (w.map = withField(MAP, 'crm_created', { type: 'date' })),
    'type-mismatch',
    'error:17',
    'say as: date',
  ],
  [
    'a kind that the type cannot hold',
    (w) => text(w, 'map: born, authority: crm', 'map: born, authority: crm, as: email'),
    'type-mismatch',
    'error:15',
    'holds no email',
  ],
  [
    'a type that is not as the mapping says',
    (w) => text(w, 'map: born, authority: crm', 'map: born, authority: crm, type: datetime'),
    'type-not-declared',
    'error:15',
    'is date',
  ],
  [
    'a number that lost its digits',
    (w) => void (w.map = withField(MAP, 'score', { platformType: 'numeric(12,1)' })),
    'digits-lost',
    'error:14',
    '2 digits after the point go where 1 fit',
  ],
  ['a number that became whole', (w) => void (w.map = withField(MAP, 'score', { type: 'integer' })), 'digits-lost', 'error:14', 'say as: number/0'],
  [
    'a text that became shorter',
    (w) => void (w.map = withField(MAP, 'jobtitle', { maxLength: 50 })),
    'too-long',
    'error:10',
    'map.jobtitle holds 50 characters, and crm.Title up to 128',
  ],
  [
    'a text without end',
    (w) => {
      w.crm = { schema: { ...CRM, fields: CRM.fields.map((one) => (one.name === 'Title' ? field('Title', 'string') : one)) } };
      w.map = withField(MAP, 'jobtitle', { maxLength: 1000 });
    },
    'too-long',
    'error:10',
    'texts of any length',
  ],
  [
    'a cut that is longer than what fits',
    (w) => {
      text(w, 'map: jobtitle, authority: crm', 'map: jobtitle, authority: crm, max: 100');
      w.map = withField(MAP, 'jobtitle', { maxLength: 50 });
    },
    'max-too-long',
    'error:10',
    'and max is 100',
  ],
  [
    'an option that was removed there',
    (w) => void (w.map = withField(MAP, 'topics', { options: ['a'] })),
    'option-missing',
    'error:13',
    'option of crm.Topics__c is not in map.topics: "b"',
  ],
  [
    'an option that was written otherwise',
    (w) => void (w.map = withField(MAP, 'topics', { options: ['a', 'B'] })),
    'option-case',
    'error:13',
    '"b" (there "B")',
  ],
  [
    'an option that values leaves out',
    (w) => void (w.crm = withField(CRM, 'Status__c', { options: ['New', 'Working', 'Gone', 'Old'] })),
    'option-unmapped',
    'error:12',
    'values does not say what option of crm.Status__c is in map.hs_lead_status: "Old"',
  ],
  [
    'an option of values that is gone',
    (w) => void (w.crm = withField(CRM, 'Status__c', { options: ['New', 'Working'] })),
    'option-unknown',
    'error:12',
    'crm.Status__c has no option "Gone"',
  ],
  [
    'an option of values that is gone there',
    (w) => void (w.map = withField(MAP, 'hs_lead_status', { options: ['NEW', 'OPEN', 'UNQUALIFIED'] })),
    'option-unknown',
    'error:12',
    'map.hs_lead_status has no option "IN_PROGRESS"',
  ],
  [
    'records that hold what is no option any more',
    (w) => void (w.held['Contact.Status__c'] = held({ New: 5, Dead: 12 })),
    'option-held',
    'error:12',
    '"Dead" (12 records)',
  ],
  [
    'a free text into options',
    (w) => void (w.crm = withField(CRM, 'Topics__c', { type: 'enum', options: undefined as never })),
    'options-unchecked',
    'error:13',
    'can hold anything',
  ],
  [
    'records that nobody could count',
    (w) => {
      w.crm = withField(CRM, 'Topics__c', { type: 'enum', options: undefined as never });
      w.held['Contact.Topics__c'] = { unreadable: 'no permission' };
    },
    'options-unchecked',
    'error:13',
    'was not looked at',
  ],
  [
    'a required field that nobody fills',
    (w) => void (w.map = { schema: { ...MAP, fields: [...MAP.fields, field('source', 'string', { required: true })] } }),
    'required-unfilled',
    'error:3',
    'map.source may never be empty',
  ],
  [
    'a required field that is cleared',
    (w) => void (w.map = withField(MAP, 'jobtitle', { required: true })),
    'required-cleared',
    'error:10',
    'map.jobtitle may never be empty',
  ],
  ['a match by a field that is gone', (w) => void (w.crm = without(CRM, 'HubSpotId__c')), 'match-unknown', 'error:4', 'no field "HubSpotId__c"'],
  [
    'a match that is unique no longer',
    (w) => void (w.crm = withField(CRM, 'HubSpotId__c', { unique: false })),
    'match-not-unique',
    'error:4',
    'crm.HubSpotId__c',
  ],
  [
    'one field that is written twice',
    (w) => add(w, '{ crm: Email, map: jobtitle, authority: crm }'),
    'written-twice',
    'error:10',
    'contacts, line 18',
  ],
  [
    'a field that another mapping writes',
    (w) => void (w.mappings['z.yml'] = MAPPING.replace('id: contacts', 'id: other')),
    'written-twice',
    'error:10',
    'other, line 10',
  ],
  ['a sync that is not there', (w) => text(w, '[crm-to-map]', '[crm-to-mop]'), 'sync-unknown', 'error:7', 'did you mean "crm-to-map"?'],
  [
    'a sync that does not write there',
    (w) => void (w.syncs = [{ name: 'crm-to-map', writes_to: ['salesforce'] }]),
    'sync-not-writing',
    'error:3',
    'writes to hubspot',
  ],
  [
    'a sync that is not there to write it',
    (w) => void (w.syncs = [{ name: 'crm-to-map', writes_to: ['hubspot'], fields: ['contacts.lastname'] }]),
    'sync-not-declaring',
    'error:10',
    'map.jobtitle',
  ],
  [
    'a sync that writes what counts',
    (w) =>
      void (w.syncs = [
        { name: 'crm-to-map', writes_to: ['hubspot', 'salesforce'], fields: ['Contact.Title', ...MAP.fields.map(({ name }) => `contacts.${name}`)] },
      ]),
    'authority-contradicted',
    'error:10',
    'crm.Title counts here, and sync crm-to-map says that it writes it',
  ],
  [
    'a sync that carries it the other way',
    (w) =>
      void (w.syncs = [
        {
          name: 'crm-to-map',
          writes_to: ['hubspot'],
          carries: [
            {
              sides: [
                { name: 'x', platform: 'hubspot', object: 'contacts', match: 'email' },
                { name: 'y', platform: 'salesforce', object: 'Contact', match: 'Email' },
              ],
              asEmail: true,
              fields: [{ names: ['jobtitle', 'Title'], authority: 0 }],
            },
          ],
        },
      ]),
    'authority-contradicted',
    'error:10',
    'crm counts here, and map by what sync crm-to-map carries',
  ],
  [
    'a circle through a second mapping',
    (w) =>
      void (w.mappings['z.yml'] =
        `version: 1\nid: back\nbetween: { a: hubspot/contacts, b: salesforce/Contact }\nmatch: [{ a: key, b: HubSpotId__c }]\nfields: [{ a: jobtitle, b: Title, authority: a }]\n`),
    'loop',
    'error:10',
    'salesforce/Contact.Title → hubspot/contacts.jobtitle → salesforce/Contact.Title',
  ],
  [
    'a circle that the platform closes by itself',
    (w) => {
      w.map = withField(MAP, 'jobtitle', { setsAlso: ['lastname'] });
      add(w, '{ crm: Title, map: lastname, authority: map }');
    },
    'loop',
    'error:10',
    'hubspot/contacts.lastname',
  ],
  [
    'a number that is cut for good',
    (w) => {
      text(w, ', as: number/2', ', as: exact');
      w.map = withField(MAP, 'score', { platformType: 'numeric(12,1)' });
    },
    'never-settles',
    'error:14',
    'the two would always differ',
  ],
  [
    'an inactive record that looks like none',
    (w) => void (w.map = withField(MAP, 'hs_lead_status', { options: ['NEW', 'OPEN', 'IN_PROGRESS'] })),
    'inactive-unknown',
    'error:6',
    'has no option "UNQUALIFIED"',
  ],
  [
    'an inactive record by a field that is gone',
    (w) => text(w, '{ hs_lead_status: UNQUALIFIED }', '{ hs_lead_state: UNQUALIFIED }'),
    'inactive-unknown',
    'error:6',
    'did you mean "hs_lead_status"?',
  ],
  [
    'an inactive record that nobody describes',
    (w) => text(w, 'inactive: { map: { hs_lead_status: UNQUALIFIED } }\n', ''),
    'inactive-unsaid',
    'warning:5',
    'nothing says how an inactive record of map looks',
  ],
  [
    'a field that is carried once a day and may take five minutes',
    (w) => text(w, 'map: born, authority: crm', 'map: born, authority: crm, frequency: 24h'),
    'settle-too-short',
    'error:15',
    'less often',
  ],
  [
    'a field that only moves forward',
    (w) => add(w, '{ crm: Status__c, map: lifecyclestage, authority: crm, values: { New: lead, Working: lead, Gone: customer } }'),
    'forward-only',
    'warning:18',
    'only moves forward',
  ],
  [
    'an opt-out that is written from what knows nothing of it',
    (w) => void (w.map = withField(MAP, 'active', { optedOut: [false] })),
    'consent',
    'warning:16',
    'opted in again',
  ],
];

test('at least 25 ways to break a schema are tried', () => {
  expect(new Set(BREAKS.map(([name]) => name)).size).toBeGreaterThanOrEqual(25);
});

test.each(BREAKS)('%s is found', (_, change, rule, where, words) => {
  const world = cleanWorld();
  change(world);
  const found = lint(world).map((one) => ({ rule: one.rule, where: `${one.severity}:${one.line}`, message: one.message, file: one.file }));
  const wanted = found.filter((one) => one.rule === rule && one.where === where && one.file !== 'a.yml' && one.message.includes(words));
  expect(wanted.length, JSON.stringify(found, undefined, 1)).toBeGreaterThan(0);
  expect(found.length).toBeGreaterThanOrEqual(clean);
});

test('options that nobody counted have no number, and those that were counted name where', () => {
  const world = cleanWorld();
  world.crm = withField(CRM, 'Status__c', { options: ['New', 'Working', 'Gone', 'Old', 'Lost'] });
  const of = () => lint(world).find(({ rule }) => rule === 'option-unmapped');
  const uncounted: readonly LostOption[] = [{ option: 'Old' }, { option: 'Lost' }];
  expect(of()?.options).toEqual(uncounted);
  world.held['Contact.Status__c'] = held({ Old: 3 });
  expect(of()).toMatchObject({
    options: [
      { option: 'Old', records: 3 },
      { option: 'Lost', records: 0 },
    ],
    counted: 'counted in snapshot 1',
    holder: { platform: 'salesforce', object: 'Contact', field: 'Status__c' },
  });
});

test('free text is in order once every value that records hold has a counterpart', () => {
  const world = cleanWorld();
  world.crm = withField(CRM, 'Status__c', { type: 'string', options: undefined as never });
  expect(lint(world).map(({ rule }) => rule)).toContain('options-unchecked');
  world.held['Contact.Status__c'] = held({ New: 3, Working: 1 });
  expect(lint(world)).toHaveLength(clean);
});

test('a field that goes both ways for a written reason is no circle, and with a third one it is', () => {
  const world = cleanWorld();
  // Both sides hold as much as the other.
  world.map = withField(MAP, 'jobtitle', { maxLength: 128 });
  const line = '{ crm: Title, map: jobtitle, two_way: both correct it, wins: newest }';
  text(world, '{ crm: Title, map: jobtitle, authority: crm }', line);
  world.syncs = [{ name: 'crm-to-map', writes_to: ['hubspot', 'salesforce'] }];
  // Nobody says whether records are created in the CRM too.
  expect(lint(world).map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(['warning required-unfilled', 'warning match-not-unique']);
  text(world, 'syncs:', 'creates: [map]\nsyncs:');
  expect(lint(world)).toHaveLength(clean);
  add(world, '{ crm: Email, map: jobtitle, authority: map }');
  add(world, '{ crm: Email, map: phone, authority: crm }');
  expect(lint(world).filter(({ rule }) => rule === 'loop')).toHaveLength(0);
  add(world, '{ crm: Title, map: phone, authority: map }');
  expect(lint(world).filter(({ rule }) => rule === 'loop')).toMatchObject([{ mapping: 'contacts' }]);
});

test('a circle through three platforms and three mappings is told in each of them, and cutting any one line ends it', () => {
  const people = object('people', [field('id', 'string', { unique: true }), field('title', 'string'), field('other', 'string')]);
  const text = (id: string, from: string, to: string, line = 'title, b: title'): string =>
    `version: 1\nid: ${id}\nbetween: { a: ${from}/people, b: ${to}/people }\nmatch: [{ a: key, b: key }]\nfields:\n  - { a: ${line}, authority: a }\n`;
  const texts = [text('one', 'crm', 'map'), text('two', 'map', 'store'), text('three', 'store', 'crm')];
  const loops = (given: readonly string[]): readonly string[] =>
    lintMappings({
      mappings: given.map((each, n) => parseMapping(each, `${n}.yml`)),
      platforms: ['crm', 'map', 'store'],
      syncs: [],
      schemaOf: () => ({ schema: people }),
    }).flatMap(({ rule, mapping, message }) => (rule === 'loop' ? [`${mapping}: ${message}`] : []));
  expect(loops(texts)).toEqual([
    'one: a value comes back to where it came from: crm/people.title → map/people.title → store/people.title → crm/people.title',
    'two: a value comes back to where it came from: map/people.title → store/people.title → crm/people.title → map/people.title',
    'three: a value comes back to where it came from: store/people.title → crm/people.title → map/people.title → store/people.title',
  ]);
  for (const cut of texts.keys()) expect(loops(texts.filter((_, n) => n !== cut))).toEqual([]);
  expect(loops([...texts.slice(0, 2), text('three', 'store', 'crm', 'title, b: other')])).toEqual([]);
});

test.each<[string, (world: World) => void, string]>([
  [
    'a text that is cut on its way',
    (w) => text(w, 'Title, map: jobtitle, authority: crm', 'Title, map: jobtitle, two_way: both, wins: newest, max: 9'),
    'map.jobtitle "xxxxxxxxxx" becomes "xxxxxxxxx" in crm.Title, and "xxxxxxxxx" when that comes back',
  ],
  [
    'one of several options that lead to one',
    (w) => text(w, 'hs_lead_status, authority: crm', 'hs_lead_status, two_way: both, wins: newest'),
    'map.hs_lead_status "IN_PROGRESS" becomes "Working" in crm.Status__c, and "OPEN" when that comes back',
  ],
  [
    'a moment of which only the day gets over',
    (w) => {
      text(w, 'Born__c, map: born, authority: crm', 'Born__c, map: born, two_way: both, wins: newest, as: date');
      w.map = withField(MAP, 'born', { type: 'datetime' });
    },
    'becomes "2024-02-29" in crm.Born__c, and "2024-02-29T00:00:00.000Z" when that comes back',
  ],
])('%s comes back over what stood there, and that is told', (_, change, words) => {
  const world = cleanWorld();
  change(world);
  const found = lint(world).filter(({ rule }) => rule === 'changes-on-return');
  expect(found.map(({ severity }) => severity)).toContain('warning');
  expect(found.map(({ message }) => message).join('\n')).toContain(words);
});

test('what cannot be read is told once a side, and never taken for in order', () => {
  const world = cleanWorld();
  world.crm = { unreadable: 'the token has expired' };
  world.map = { unreadable: 'it does not answer' };
  expect(
    lint(world)
      .filter(({ severity }) => severity === 'error')
      .map(({ rule }) => rule),
  ).toEqual(['unreadable', 'unreadable']);
});
