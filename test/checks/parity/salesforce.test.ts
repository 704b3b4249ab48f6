import { afterEach, expect, it } from 'vitest';

import { type SalesforceSandbox, type SalesforceSandboxOptions, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { rewriting } from './rewriting.js';
import { parityScene, type ParityScene, salesforceEntry, writesTo } from './scene.js';

// A user would lose: a sandbox that was refreshed long ago, and nobody knows what it lacks.

const running: SalesforceSandbox[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

type Described = NonNullable<SalesforceSandboxOptions['description']>;
const PERSON = { kind: 'person', id: '7' } as const;

async function org(isSandbox: boolean, pod: string, options: SalesforceSandboxOptions = {}): Promise<SalesforceSandbox> {
  const token = `00D-session-of-${pod}`;
  const one = await startSalesforceSandbox({
    token,
    limits: { perDay: 50_000 },
    facts: { isSandbox, instance: pod, pod, name: 'Example' },
    ...options,
  });
  running.push(one);
  const writer = one.writeAs(PERSON);
  for (let n = 1; n <= (isSandbox ? 5 : 60); n += 1)
    writer.create('Contact', { LastName: `Person ${n}`, AccountId: writer.create('Account', { Name: `Account ${n}` }), Title: 'as it was' });
  one.resetCounts();
  return one;
}

interface Pair {
  readonly stage: SalesforceSandbox;
  readonly crm: SalesforceSandbox;
  readonly scene: ParityScene;
}

async function pair(test: SalesforceSandboxOptions = {}, production: SalesforceSandboxOptions = {}): Promise<Pair> {
  const [stage, crm] = [await org(true, '7a', test), await org(false, '8b', production)];
  const scene = await parityScene({ stage: salesforceEntry('stage', stage, 'sandbox'), crm: salesforceEntry('crm', crm, 'production') });
  return { stage, crm, scene };
}

/** The scopes of a session are not told: whoever runs the check says that he knows. */
const SCOPES = { item: 'scopes', reason: 'sessions do not tell', until: '2999-12-31', unreadable: true };
const censusOf = ({ truth }: SalesforceSandbox): string =>
  JSON.stringify(['Account', 'Contact', 'Opportunity'].map((object) => [...truth().records(object)]));

it('is like production where nothing differs, with a leak test over every record, and production is only read', async () => {
  const { stage, crm, scene } = await pair();
  await scene.parity({ accepted: [SCOPES] });
  const before = [censusOf(stage), censusOf(crm)];
  const { code, result, stdout } = await scene.check();
  expect(result.items, stdout).toMatchObject([{ item: 'scopes', status: 'accepted' }]);
  expect(code).toBe(0);
  expect(result).toMatchObject({ verdict: 'like', none: ['pipelines', 'lists', 'forms'], leak: { status: 'clear' } });
  expect(result.leak.marked.map(({ object }) => object).sort()).toEqual(['Account', 'Contact']);
  expect(result.leak.read[0]?.objects).toEqual([
    { object: 'Account', records: 60, total: 60 },
    { object: 'Contact', records: 60, total: 60 },
    { object: 'Opportunity', records: 0, total: 0 },
  ]);
  expect([crm.writes(), writesTo(crm)]).toEqual([[], []]);
  expect([censusOf(stage), censusOf(crm)]).toEqual(before);
  await scene.parity({ leak: 'off' });
  expect(await scene.check()).toMatchObject({ code: 3, result: { verdict: 'unproven', items: [{ item: 'scopes', status: 'unreadable' }] } });
});

it('finds planted differences of fields, choices, permissions, limits and flows, and nothing else', async () => {
  const text = (name: string, more: object = {}) => ({ name, type: 'string' as const, length: 80, ...more });
  const choice = (name: string, options: readonly string[], more: object = {}) => ({
    name,
    type: 'picklist' as const,
    options: [...options],
    restricted: true,
    ...more,
  });
  const test: Described = {
    fields: {
      Contact: [
        text('Length__c', { length: 40 }),
        text('Unique__c'),
        { name: 'Scale__c', type: 'double', precision: 10, scale: 0 },
        choice('Missing__c', ['a']),
        choice('Inactive__c', ['a'], { inactive: ['b'] }),
        choice('Order__c', ['b', 'a']),
        choice('Open__c', ['a'], { restricted: false }),
        text('ReadOnly__c'),
        text('Here__c'),
      ],
    },
    readOnly: ['Contact.ReadOnly__c'],
  };
  const production: Described = {
    objects: [{ name: 'Visit__c', fields: [] }],
    fields: {
      Contact: [
        text('Length__c'),
        text('Unique__c', { unique: true }),
        { name: 'Scale__c', type: 'double', precision: 10, scale: 2 },
        choice('Missing__c', ['a', 'z']),
        choice('Inactive__c', ['a', 'b']),
        choice('Order__c', ['a', 'b']),
        choice('Open__c', ['a']),
        text('ReadOnly__c'),
      ],
    },
  };
  const { stage, crm, scene } = await pair({ description: test, limits: { perDay: 5000 } }, { description: production });
  crm.automate({ id: '1', name: 'Only there', object: 'Contact', enabled: true, when: { on: 'create' }, does: [] });
  crm.automate({ id: '2', name: 'Off', object: 'Contact', enabled: true, when: { on: 'create' }, does: [] });
  stage.automate({ id: '3', name: 'Off', object: 'Contact', enabled: false, when: { on: 'create' }, does: [] });
  await scene.parity({ leak: 'off', objects: ['Account', 'Contact', 'Opportunity', 'Visit__c'], accepted: [SCOPES] });
  const { code, result } = await scene.check();
  expect(code).toBe(2);
  const found = result.items.filter(({ status }) => status !== 'accepted');
  expect(found.map(({ item, test: here, production: there }) => `${item}: ${here ?? ''} | ${there ?? ''}`).sort()).toEqual(
    [
      'fields/Visit__c: missing | there',
      'fields/Contact.Here__c: there | missing',
      'fields/Contact.Length__c#type: string(40) | string(80)',
      'fields/Contact.Length__c#length: 40 | 80',
      'fields/Contact.Unique__c#unique: not set | yes',
      'fields/Contact.Scale__c#type: double(10,0) | double(10,2)',
      'fields/Contact.ReadOnly__c#read-only: yes | no',
      'options/Contact.Missing__c/z: missing | there',
      'options/Contact.Inactive__c/b#hidden: yes | no',
      'options/Contact.Order__c#order: b, a | a, b',
      'options/Contact.Open__c#restricted: no | yes',
      'limits/DailyApiRequests#most: 5000 | 50000',
      'automations/flow Only_there: missing | there',
      'automations/flow Off#on: no | yes',
    ].sort(),
  );
  expect([crm.writes(), writesTo(crm)]).toEqual([[], []]);
});

it('finds planted differences of record types and validation rules, and nothing else; what the user may not see is no pass', async () => {
  const type = (name: string, more: object = {}) => ({ object: 'Contact', name, developerName: name.replaceAll(' ', '_'), ...more });
  const rule = (name: string, refuses: string, more: object = {}) => ({ object: 'Contact', name, refuses, message: 'No', ...more });
  const { stage, crm, scene } = await pair(
    {
      description: {
        recordTypes: [type('Customer'), type('Only here'), type('Other label', { name: 'Partner' }), type('Default', { isDefault: true })],
        validationRules: [
          rule('Same', "Title = 'x'"),
          rule('Only_here', "Title = 'y'"),
          rule('Off', "Title = 'z'", { active: false }),
          rule('Other_formula', "Title = 'a'"),
          rule('Other_message', "Title = 'm'", { message: 'Never' }),
          rule('Other_place', "Title = 'p'", { field: 'Title' }),
        ],
      },
    },
    {
      description: {
        recordTypes: [type('Customer'), type('Only there'), type('Other label'), type('Default')],
        validationRules: [
          rule('Same', "Title = 'x'"),
          rule('Only_there', "Title = 'y'"),
          rule('Off', "Title = 'z'"),
          rule('Other_formula', "Title = 'b'"),
          rule('Other_message', "Title = 'm'"),
          rule('Other_place', "Title = 'p'"),
        ],
      },
    },
  );
  await scene.parity({ leak: 'off', accepted: [SCOPES], areas: ['record-types', 'validation-rules', 'scopes'] });
  const { code, result, stdout } = await scene.check();
  expect(code, stdout).toBe(2);
  const items = result.items.filter(({ status }) => status === 'different').map(({ item }) => item);
  expect(items.sort()).toEqual(
    [
      'record-types/Contact.Only_here',
      'record-types/Contact.Only_there',
      'record-types/Contact.Other_label#label',
      'record-types/Contact.Default#default',
      'validation-rules/Contact.Only_here',
      'validation-rules/Contact.Only_there',
      'validation-rules/Contact.Off#on',
      'validation-rules/Contact.Other_formula#refuses',
      'validation-rules/Contact.Other_message#message',
      'validation-rules/Contact.Other_place#field',
    ].sort(),
  );
  expect([crm.writes(), writesTo(crm)]).toEqual([[], []]);
  // Nothing that differs, and nothing that was seen: the answer lacks rows that its own count has.
  const half = await rewriting(stage.url, (path, body) =>
    path.includes('/tooling/query') ? { ...(body as object), records: [], totalSize: 6 } : body,
  );
  const cut = await parityScene({
    stage: salesforceEntry('stage', stage, 'sandbox', { url: half.url, limits: { wait: '50ms' } }),
    crm: salesforceEntry('crm', crm, 'production'),
  });
  await cut.parity({ leak: 'off', accepted: [SCOPES], areas: ['validation-rules', 'scopes'] });
  const blind = await cut.check();
  await half.stop();
  expect([blind.code, blind.result.verdict, blind.result.items.find(({ item }) => item === 'validation-rules')?.status]).toEqual([
    3,
    'unproven',
    'unreadable',
  ]);
});
