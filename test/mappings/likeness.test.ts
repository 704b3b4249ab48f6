import { expect, test } from 'vitest';

import { lintMappings, type LintFinding, type LintRule, parseMapping } from '../../src/mappings/index.js';
import type { FieldSchema, ObjectSchema } from '../../src/records/index.js';
import { field, object } from './support/pair.js';

/** A user would lose: pairs of fields that look alike, and are not. Nobody sees it before records are refused or arrive as something else. */

const REF = field('ref', 'string', { unique: true, maxLength: 40 });
const ONE_WAY = '{ a: x, b: y, authority: a }';
const OPTIONS = (...options: string[]): Partial<FieldSchema> => ({ options });

interface World {
  readonly left: readonly FieldSchema[];
  readonly right: readonly FieldSchema[];
  readonly lines: readonly string[];
  readonly head: string;
  readonly more: readonly [Partial<ObjectSchema>, Partial<ObjectSchema>];
}

function lint({ left, right, lines, head, more }: World): readonly LintFinding[] {
  const match = head.includes('match:') ? '' : 'match: [{ a: ref, b: ref }]\n';
  const text = `version: 1\nid: m\nbetween: { a: p/A, b: q/B }\n${match}${head}fields:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
  const sides = { p: object('A', [REF, ...left], more[0]), q: object('B', [REF, ...right], more[1]) };
  return lintMappings({
    mappings: [parseMapping(text, 'm.yml')],
    platforms: ['p', 'q'],
    syncs: [],
    schemaOf: (platform) => ({ schema: platform === 'p' ? sides.p : sides.q }),
  });
}

const NO_MORE: World['more'] = [{}, {}];
const pair = (x: FieldSchema, y: FieldSchema, line = ONE_WAY, head = ''): World => ({
  left: [{ ...x, name: 'x' }],
  right: [{ ...y, name: 'y' }],
  lines: [line],
  head,
  more: NO_MORE,
});
const text = (more: Partial<FieldSchema> = {}): FieldSchema => field('', 'string', { maxLength: 40, ...more });
const number = (platformType: string): FieldSchema => field('', 'number', { platformType });
const whole = (platformType: string): FieldSchema => field('', 'integer', { platformType });
const matched = (x: Partial<FieldSchema>, y: Partial<FieldSchema>, match: string, head = '', more = NO_MORE): World => ({
  left: [field('k', 'string', { unique: true, ...x }), field('x', 'string', { maxLength: 9 })],
  right: [field('k', 'string', { unique: true, ...y }), field('y', 'string', { maxLength: 9 })],
  lines: [ONE_WAY],
  head: `match: [${match}]\n${head}`,
  more,
});
const inactive = (field_: Partial<FieldSchema> & { type: FieldSchema['type'] }, value: string): World => ({
  left: [field('x', 'string', { maxLength: 9 })],
  right: [field('y', 'string', { maxLength: 9 }), field('state', field_.type, field_)],
  lines: [ONE_WAY],
  head: `on_delete: { a: inactive }\ninactive: { b: { state: "${value}" } }\n`,
  more: NO_MORE,
});
const SAME = '{ a: k, b: k }';
const TWO_WAY = '{ a: x, b: y, two_way: both correct it, wins: newest }';

const BREAKS: readonly (readonly [name: string, world: World, severity: string, rule: LintRule])[] = [
  ['a name where a key of a record goes', pair(text(), text({ platformType: 'reference(Account)' })), 'warning', 'reference-mismatch'],
  ['an option where a key goes', pair(field('', 'enum', OPTIONS('a')), text({ refersTo: ['User'] })), 'error', 'reference-mismatch'],
  [
    'the owner of one platform as that of the other',
    pair(text({ platformType: 'reference(User)' }), field('', 'enum', { refersTo: ['OWNER'] })),
    'error',
    'reference-mismatch',
  ],
  ['a date of birth where a birthday goes', pair(field('', 'date'), field('', 'other', { form: 'birthday' })), 'error', 'form-mismatch'],
  ['a text where a birthday goes', pair(text(), field('', 'other', { form: 'birthday' })), 'error', 'form-mismatch'],
  ['post codes of any country', pair(text(), text({ form: 'zip/US' })), 'warning', 'form-mismatch'],
  ['addresses of pages as people write them', pair(text(), text({ form: 'url' })), 'warning', 'form-mismatch'],
  ['phone numbers in any form', pair(text(), text({ form: 'phone/US' })), 'error', 'form-mismatch'],
  [
    'phone numbers of another country',
    pair(text(), text({ form: 'phone/US' }), '{ a: x, b: y, authority: a, as: phone/DE }'),
    'error',
    'form-mismatch',
  ],
  ['addresses that are kept in small letters', pair(text(), text({ form: 'email' })), 'error', 'never-settles'],
  ['addresses that come back in small letters', pair(text(), text({ form: 'email' }), TWO_WAY), 'error', 'never-settles'],
  [
    'larger amounts than fit',
    pair(number('numeric(18,2)'), number('numeric(5,2)'), '{ a: x, b: y, authority: a, as: number/2 }'),
    'warning',
    'number-too-large',
  ],
  ['larger whole numbers than fit', pair(number('bigint'), whole('integer')), 'warning', 'number-too-large'],
  ['numbers that become small', pair(whole('integer'), whole('smallint')), 'warning', 'number-too-large'],
  ['numbers of a CRM that become small', pair(number('double(18,0)'), whole('int')), 'warning', 'number-too-large'],
  ['more digits than a floating number keeps', pair(number('numeric(30,10)'), number('double precision')), 'warning', 'digits-lost'],
  [
    'options that are longer than the text',
    pair(field('', 'enum', OPTIONS('A')), text({ maxLength: 3 }), '{ a: x, b: y, authority: a, values: { A: abcdef } }'),
    'error',
    'too-long',
  ],
  ['characters that are more bytes', pair(text({ maxLength: 200 }), text({ maxLength: 255, maxBytes: 255 })), 'warning', 'too-long'],
  [
    'a cut in characters that is more bytes',
    pair(text({ maxLength: 900 }), text({ maxLength: 255, maxBytes: 255 }), '{ a: x, b: y, authority: a, max: 200 }'),
    'warning',
    'too-long',
  ],
  ['a value that only one record may have', pair(text(), text({ unique: true })), 'warning', 'unique-clash'],
  ['numbers that both platforms give themselves', matched({ readOnly: true }, { readOnly: true }, SAME, 'creates: [b]\n'), 'error', 'match-never'],
  ['keys that both platforms give themselves', matched({}, {}, '{ a: key, b: key }'), 'error', 'match-never'],
  ['a key that knows large and small letters on one side', matched({}, { uniqueInAnyCase: true }, SAME), 'warning', 'match-not-unique'],
  ['a key that is true or false', matched({ type: 'boolean' }, {}, SAME), 'error', 'type-mismatch'],
  ['a key of a kind that its field cannot hold', matched({ type: 'number' }, {}, '{ a: k, b: k, as: email }'), 'error', 'type-mismatch'],
  ['a day and a moment as the key', matched({ type: 'date' }, { type: 'datetime' }, SAME), 'error', 'type-mismatch'],
  ['inactive by a field that nobody writes', inactive({ type: 'boolean', readOnly: true }, 'true'), 'error', 'inactive-unknown'],
  ['inactive by a word that is not true or false', inactive({ type: 'boolean' }, 'gone'), 'error', 'inactive-unknown'],
  ['inactive by a text that does not fit', inactive({ type: 'string', maxLength: 3 }, 'inactive'), 'error', 'inactive-unknown'],
  ['inactive by a number that is none', inactive({ type: 'number' }, 'gone'), 'error', 'inactive-unknown'],
  ['inactive by a day that is none', inactive({ type: 'date' }, 'never'), 'error', 'inactive-unknown'],
  [
    'times without a time zone',
    pair(field('', 'datetime', { platformType: 'timestamp without time zone' }), field('', 'datetime')),
    'warning',
    'zone-unsaid',
  ],
  ['a list of a database as a text', pair(field('', 'other', { platformType: 'text[]' }), text()), 'error', 'type-mismatch'],
  ['a text as a list of a database', pair(text(), field('', 'other', { platformType: 'text[]' })), 'error', 'type-mismatch'],
  ['a text as a uuid', pair(text(), text({ platformType: 'uuid' })), 'error', 'type-mismatch'],
  [
    'an option that is neither true nor false',
    pair(field('', 'enum', OPTIONS('Yes', 'No', 'Maybe')), field('', 'boolean'), '{ a: x, b: y, authority: a, as: boolean }'),
    'error',
    'option-missing',
  ],
  [
    'an option that is no number',
    pair(field('', 'enum', OPTIONS('1', '2', 'many')), whole('int'), '{ a: x, b: y, authority: a, as: number/0 }'),
    'error',
    'option-missing',
  ],
  ['options that nobody tells', pair(field('', 'enum', OPTIONS('New')), field('', 'enum')), 'warning', 'options-unchecked'],
  [
    'options that are offered in other letters',
    pair(field('', 'enum', OPTIONS('new')), field('', 'enum', { offers: ['New'] })),
    'warning',
    'option-case',
  ],
  ['options that are not offered', pair(field('', 'enum', OPTIONS('New')), field('', 'enum', { offers: ['Old'] })), 'warning', 'option-missing'],
  [
    'offered options without a counterpart',
    pair(field('', 'enum', { offers: ['New'] }), field('', 'enum', OPTIONS('Old'))),
    'error',
    'option-missing',
  ],
  [
    'a word of values that is not offered',
    pair(field('', 'enum', OPTIONS('A')), field('', 'enum', { offers: ['New'] }), '{ a: x, b: y, authority: a, values: { A: new } }'),
    'warning',
    'option-unknown',
  ],
  ['an encrypted field that is read in part', pair(text({ masked: true }), text()), 'warning', 'masked'],
  ['HTML as plain text', pair(text({ markup: true }), text()), 'warning', 'markup'],
  ['amounts without their currency', pair(field('', 'number', { currencyIn: 'iso' }), field('', 'number')), 'warning', 'currency-unsaid'],
  [
    'options that depend on a field that is not carried',
    pair(field('', 'enum', OPTIONS('A')), field('', 'enum', { ...OPTIONS('A'), optionsBy: 'country' })),
    'warning',
    'depends-unmapped',
  ],
  [
    'an option that sends mail',
    pair(
      field('', 'enum', OPTIONS('asked')),
      field('', 'enum', { ...OPTIONS('pending', 'yes'), guarded: [{ to: ['pending'], code: 'irreversible', why: 'It sends a mail.' }] }),
      '{ a: x, b: y, authority: a, values: { asked: pending } }',
    ),
    'warning',
    'option-guarded',
  ],
  [
    'what programs have to fill',
    { ...pair(text(), text()), right: [field('y', 'string', { maxLength: 40 }), field('z', 'string', { requiredOfOthers: true })] },
    'error',
    'required-unfilled',
  ],
  ['what programs may not clear', pair(text(), text({ requiredOfOthers: true })), 'error', 'required-cleared'],
  [
    'what has a value from the start and may not be cleared',
    pair(text(), text({ required: true, filledOnCreate: true })),
    'error',
    'required-cleared',
  ],
];

test.each(BREAKS)('%s', (_, world, severity, rule) => {
  expect(lint(world).map((finding) => `${finding.severity} ${finding.rule}`)).toContain(`${severity} ${rule}`);
});

const CLEAN: readonly (readonly [name: string, world: World])[] = [
  ['a phone number where its country is said', pair(text(), text({ form: 'phone/US' }), '{ a: x, b: y, authority: a, as: phone/US }')],
  ['an address, said to be one', pair(text(), text({ form: 'email' }), '{ a: x, b: y, authority: a, as: email }')],
  ['an address on both sides', pair(text({ form: 'email' }), text({ form: 'email' }))],
  ['an address that goes both ways', pair(text({ form: 'email' }), text({ form: 'email' }), TWO_WAY)],
  ['a post code, cut', pair(text(), text({ form: 'zip/US' }), '{ a: x, b: y, authority: a, max: 5 }')],
  ['numbers of the same size', pair(number('numeric(12,2)'), number('double(12,2)'))],
  ['amounts of a CRM in a database', pair(number('currency(18,2)'), number('numeric(12,2)'))],
  ['small numbers where large ones fit', pair(whole('smallint'), whole('integer'))],
  ['whole numbers of 64 bits on both sides', pair(number('bigint'), number('bigint'))],
  ['a key carried for people to read', pair(text({ refersTo: ['Account'] }), text())],
  [
    'a key with a table of keys',
    pair(
      field('', 'enum', { ...OPTIONS('u1'), refersTo: ['User'] }),
      field('', 'enum', { refersTo: ['OWNER'] }),
      '{ a: x, b: y, authority: a, values: { u1: "17" } }',
    ),
  ],
  ['what may be empty where false is the same', pair(field('', 'boolean'), field('', 'boolean', { required: true }))],
  [
    'true and false as options',
    pair(field('', 'boolean'), field('', 'enum', OPTIONS('Yes', 'No')), '{ a: x, b: y, authority: a, values: { "true": Yes, "false": No } }'),
  ],
  ['short texts where bytes are counted', pair(text({ maxLength: 80 }), text({ maxLength: 255, maxBytes: 255 }))],
  ['a value that only one record may have, on both sides', pair(text({ unique: true }), text({ unique: true }))],
  ['a number of one platform that is written to the other', matched({ readOnly: true }, {}, SAME)],
  ['keys that can be given', matched({}, {}, '{ a: key, b: key }', '', [{ createWithKey: true }, { createWithKey: true }])],
  ['a key in any letters on both sides', matched({ uniqueInAnyCase: true }, { uniqueInAnyCase: true }, SAME)],
  ['a uuid', matched({ platformType: 'uuid' }, { uniqueInAnyCase: true }, SAME)],
  ['inactive as it can be', inactive({ type: 'boolean' }, 'false')],
  ['options that are offered', pair(field('', 'enum', OPTIONS('New')), field('', 'enum', { offers: ['New', 'Old'] }))],
  ['HTML on both sides', pair(text({ markup: true }), text({ markup: true }))],
  [
    'amounts with their currency',
    {
      left: [field('x', 'number', { currencyIn: 'iso' }), field('iso', 'string', { maxLength: 3 })],
      right: [field('y', 'number'), field('code', 'string', { maxLength: 3 })],
      lines: [ONE_WAY, '{ a: iso, b: code, authority: a }'],
      head: '',
      more: NO_MORE,
    },
  ],
  [
    'times without a time zone on both sides',
    pair(
      field('', 'datetime', { platformType: 'timestamp without time zone' }),
      field('', 'datetime', { platformType: 'timestamp without time zone' }),
    ),
  ],
  [
    'what has a value from the start and keeps it',
    pair(text(), text({ required: true, filledOnCreate: true }), '{ a: x, b: y, authority: a, blank: keep }'),
  ],
];

test.each(CLEAN)('nothing is told of %s', (_, world) => {
  expect(lint(world).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
});
