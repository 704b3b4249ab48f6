import { afterEach, expect, it } from 'vitest';

import { property, select } from '../../../src/sandbox/hubspot/properties/definition.js';
import { type Automation, type HubSpotSandbox, seedMessy, startHubSpotSandbox, type HubSpotSandboxOptions } from '../../../src/sandbox/index.js';
import { rewriting } from './rewriting.js';
import { hubspotEntry, type ParityScene, parityScene, writesTo } from './scene.js';

// A user would lose: a test environment that proves nothing, because it is not what it stands for, or is production itself.

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

interface Pair {
  readonly stage: HubSpotSandbox;
  readonly crm: HubSpotSandbox;
}

async function pair(stage: HubSpotSandboxOptions = {}, crm: HubSpotSandboxOptions = {}): Promise<Pair> {
  const sandboxes = {
    stage: await startHubSpotSandbox({ portalId: 111, token: 'pat-of-the-test-environment', ...stage }),
    crm: await startHubSpotSandbox({ portalId: 222, accountType: 'STANDARD', token: 'pat-of-production', ...crm }),
  };
  closing.push(
    async () => await sandboxes.stage.stop(),
    async () => await sandboxes.crm.stop(),
  );
  seedMessy(sandboxes.stage, { contacts: 60, companies: 10, deals: 10, seed: 7 });
  seedMessy(sandboxes.crm, { contacts: 250, companies: 20, deals: 20, seed: 8 });
  for (const one of Object.values(sandboxes)) one.resetCounts();
  return sandboxes;
}

const sceneOf = async ({ stage, crm }: Pair, more: Readonly<Record<string, unknown>> = {}): Promise<ParityScene> =>
  await parityScene({ stage: hubspotEntry('stage', stage, more), crm: hubspotEntry('crm', crm) });

const lead: Automation = {
  id: '1',
  name: 'Welcome',
  object: 'contacts',
  enabled: true,
  when: { on: 'create' },
  does: [{ do: 'mail', to: 'email', subject: 'Welcome' }],
};

/** What the records of a sandbox hold. */
const valuesOf = (sandbox: HubSpotSandbox): string =>
  JSON.stringify(['contacts', 'companies', 'deals'].map((object) => [...sandbox.truth().records(object)]));

/** What every token of these tests may read. */
const WITHOUT_AUDIENCES = ['fields', 'options', 'pipelines', 'scopes', 'limits', 'automations'];

/** Everything that production holds. */
const censusOf = (sandbox: HubSpotSandbox): string => JSON.stringify(sandbox.dump());

it('is like production where nothing differs: every area is compared, the leak test passes, and production is only read', async () => {
  const both = await pair();
  const scene = await sceneOf(both);
  await scene.parity();
  const [before, stageBefore] = [censusOf(both.crm), valuesOf(both.stage)];
  const { code, result, stdout } = await scene.check();
  expect(result.items, stdout).toEqual([]);
  expect(result).toMatchObject({ verdict: 'like', none: ['record-types', 'permissions'], unneeded: [] });
  expect(code).toBe(0);
  expect(result.apart).toEqual([
    { what: 'credentials', is: 'different' },
    { what: 'account', is: 'different' },
    { what: 'host', is: 'different' },
  ]);
  expect(Object.fromEntries(result.counts.map(({ area, same }) => [area, same > 0]))).toEqual({
    fields: true,
    options: true,
    'validation-rules': true,
    pipelines: true,
    scopes: true,
    limits: true,
  });
  expect(result.leak).toMatchObject({ status: 'clear', sightings: [] });
  expect(result.leak.marked.map(({ object }) => object).sort()).toEqual(['companies', 'contacts', 'deals']);
  expect(result.leak.read[0]?.objects.map(({ object, records }) => [object, records])).toEqual([
    ['contacts', both.crm.records('contacts').filter(({ archived }) => !archived).length],
    ['companies', both.crm.records('companies').filter(({ archived }) => !archived).length],
    ['deals', both.crm.records('deals').filter(({ archived }) => !archived).length],
  ]);
  // Counted by the sandbox that plays production.
  expect(both.crm.writes()).toEqual([]);
  expect(writesTo(both.crm)).toEqual([]);
  expect(censusOf(both.crm)).toBe(before);
  expect(valuesOf(both.stage)).toBe(stageBefore);
  expect(both.stage.writes().length).toBeGreaterThan(0);
});

it('finds each of 24 planted differences, and nothing else', async () => {
  const scopes = [
    'oauth',
    'automation',
    'crm.objects.contacts.read',
    'crm.objects.contacts.write',
    'crm.objects.companies.read',
    'crm.objects.companies.write',
  ];
  const both = await pair(
    { scopes: [...scopes, 'crm.objects.deals.read', 'crm.objects.deals.write', 'content'], limits: { perDay: 1000 } },
    { scopes: [...scopes, 'crm.objects.deals.read', 'crm.objects.deals.write', 'crm.lists.read'] },
  );
  const [here, there] = [both.stage.portal.types.get('contacts').properties, both.crm.portal.types.get('contacts').properties];
  const set = (name: string, test: ReturnType<typeof property> | undefined, production: ReturnType<typeof property> | undefined): void => {
    if (test !== undefined) here.set(name, test);
    if (production !== undefined) there.set(name, production);
  };
  const plain = (name: string, more: Parameters<typeof property>[4] = {}) => property(name, name, 'string', 'text', more);
  set('only_there', undefined, plain('only_there'));
  set('only_here', plain('only_here'), undefined);
  set('other_type', property('other_type', 'x', 'number', 'number'), plain('other_type'));
  set('other_control', property('other_control', 'x', 'string', 'textarea'), plain('other_control'));
  set('unique_there', plain('unique_there'), plain('unique_there', { hasUniqueValue: true }));
  set('read_only_here', plain('read_only_here', { readOnlyValue: true }), plain('read_only_here'));
  set('gone_option', select('gone_option', 'x', ['a', 'b']), select('gone_option', 'x', ['a', 'b', 'c']));
  set('new_option', select('new_option', 'x', ['a', 'b', 'c']), select('new_option', 'x', ['a', 'b']));
  set('label', select('label', 'x', ['a=One', 'b']), select('label', 'x', ['a=Two', 'b']));
  const hidden = select('hidden', 'x', ['a', 'b']);
  set('hidden', { ...hidden, options: hidden.options.map((one) => ({ ...one, hidden: one.value === 'b' })) }, hidden);
  set('order', select('order', 'x', ['b', 'a']), select('order', 'x', ['a', 'b']));
  both.crm.automate({ ...lead, id: '5', name: 'Only there' });
  both.stage.automate({ ...lead, id: '6', name: 'Only here' });
  for (const [one, enabled] of [
    [both.stage, false],
    [both.crm, true],
  ] as const)
    one.automate({ ...lead, id: '7', name: 'Switched off', enabled });
  both.stage.automate({ ...lead, id: '8', name: 'Does another thing' });
  both.crm.automate({ ...lead, id: '9', name: 'Does another thing', does: [{ do: 'set', values: { city: 'Reno' } }] });
  // Pipelines of the test environment, as somebody made them by hand.
  const proxy = await rewriting(both.stage.url, (path, body) => {
    if (path !== '/crm/v3/pipelines/deals') return body;
    const [sales, renewals] = (
      body as { readonly results: readonly { readonly stages: readonly { readonly id: string; readonly label: string }[] }[] }
    ).results;
    const stages = (sales?.stages ?? []).flatMap((stage) => {
      if (stage.id === 'contractsent') return [];
      if (stage.id === 'qualifiedtobuy') return [{ ...stage, label: 'Qualified', displayOrder: 1 }];
      return stage.id === 'presentationscheduled' ? [{ ...stage, metadata: { isClosed: 'false', probability: '0.5' } }] : [stage];
    });
    const moved = [...stages.slice(0, -2), ...stages.slice(-2).reverse()].map((stage, displayOrder) => ({ ...stage, displayOrder }));
    return {
      results: [
        { ...sales, stages: moved },
        { ...renewals, id: '99', label: 'Renewals' },
      ],
    };
  });
  closing.push(proxy.stop);
  const scene = await sceneOf(both, { url: proxy.url });
  await scene.parity({ leak: 'off', areas: WITHOUT_AUDIENCES });
  const { code, result } = await scene.check();
  expect(code).toBe(2);
  expect(result.verdict).toBe('different');
  expect(
    result.items
      .map(({ item, test, production }) => `${item}: ${test ?? ''} | ${production ?? ''}`.replaceAll(/digest [\da-f]{8}/gu, 'digest DIGEST'))
      .sort(byText),
  ).toEqual(
    [
      'fields/contacts.only_there: missing | there',
      'fields/contacts.only_here: there | missing',
      'fields/contacts.other_type#type: number/number | string/text',
      'fields/contacts.other_type#length: not set | 65536',
      'fields/contacts.other_control#type: string/textarea | string/text',
      'fields/contacts.unique_there#unique: not set | yes',
      'fields/contacts.read_only_here#read-only: yes | no',
      'options/contacts.gone_option/c: missing | there',
      'options/contacts.new_option/c: there | missing',
      'options/contacts.label/a#label: One | Two',
      'options/contacts.hidden/b#hidden: yes | no',
      'options/contacts.order#order: b, a | a, b',
      'pipelines/deals.Sales Pipeline/Contract Sent: missing | there',
      'pipelines/deals.Sales Pipeline/Qualified To Buy#name: Qualified | Qualified To Buy',
      'pipelines/deals.Sales Pipeline/Presentation Scheduled#probability: 0.5 | 0.6',
      'pipelines/deals.Sales Pipeline#order: Appointment Scheduled, Qualified To Buy, Presentation Scheduled, Decision Maker Bought-In, Closed Lost, Closed Won | Appointment Scheduled, Qualified To Buy, Presentation Scheduled, Decision Maker Bought-In, Closed Won, Closed Lost',
      'pipelines/deals.Renewals#id: 99 | 48211907',
      'scopes/crm.lists.read: missing | there',
      'scopes/content: there | missing',
      'limits/calls a day#most: 1000 | 250000',
      'automations/Only there: missing | there',
      'automations/Only here: there | missing',
      'automations/Switched off#on: no | yes',
      'automations/Does another thing#does: 1 actions, digest DIGEST | 1 actions, digest DIGEST',
    ].sort(byText),
  );
  expect(both.crm.writes()).toEqual([]);
  expect(writesTo(both.crm)).toEqual([]);
  expect(writesTo(both.stage)).toEqual([]);
});

it('accepts what parity.yml accepts until its last day, and fails for what it does not, or no longer, or no longer just so', async () => {
  const both = await pair({ limits: { perDay: 1000 } });
  both.crm.automate({ ...lead, id: '5', name: 'Only there' });
  const scene = await sceneOf(both);
  const accept = async (...accepted: readonly Readonly<Record<string, string>>[]) => {
    await scene.parity({ leak: 'off', accepted });
    return await scene.check();
  };
  const all = { item: 'limits/*', reason: 'a sandbox has fewer', until: '2999-12-31' };
  const one = { item: 'automations/Only there', reason: 'it sends mail', until: '2999-12-31' };
  const good = await accept(all, one);
  expect(good.result).toMatchObject({
    verdict: 'like',
    unneeded: [],
    items: [
      { status: 'accepted', ...all, item: 'limits/calls a day#most' },
      { status: 'accepted', ...one },
    ],
  });
  expect(good.code).toBe(0);

  const expired = await accept(all, { ...one, until: '2020-02-29' });
  expect(expired.code).toBe(2);
  expect(expired.result).toMatchObject({
    verdict: 'different',
    items: [{ status: 'accepted' }, { status: 'different', expired: true, until: '2020-02-29' }],
  });
  const shown = await scene.run('parity', 'check');
  expect(shown.stdout).toMatch(/was accepted\s+until 2020-02-29: it sends\s+mail/u);
  for (const line of shown.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);

  // It says 1000 here: one that was accepted for another limit is not in force.
  const other = await accept({ ...all, test: '500' }, one);
  expect(other.result).toMatchObject({ verdict: 'different', unneeded: ['limits/*'] });
  expect(other.result.items.map(({ status }) => status)).toEqual(['different', 'accepted']);
});

it('finds one credential under two names before anything is asked of either, compares nothing, and prints no secret', async () => {
  const { stage, crm } = await pair();
  const theirs = hubspotEntry('crm', crm);
  const scene = await parityScene({ crm: theirs, stage: { ...hubspotEntry('stage', stage), env: { STAGE_TOKEN: crm.token } } });
  await scene.parity();
  const { code, result, stdout } = await scene.check();
  expect(code).toBe(6);
  expect(result).toMatchObject({ verdict: 'refused', because: 'stage and crm have the same credentials under two names.', items: [], counts: [] });
  expect(stdout).not.toContain(crm.token);
  expect((await scene.run('parity', 'check')).stdout).not.toContain(crm.token);
  expect([stage.counts().requests, crm.counts().requests]).toEqual([0, 0]);
});

it('refuses two tokens of one account, and writes nothing', async () => {
  const { crm } = await pair();
  crm.addApp({ token: 'another-token-of-production', appId: '77', name: 'other' });
  // Neither the declaration nor the credentials tell: a developer's account may be declared as a sandbox.
  const proxy = await rewriting(crm.url, (path, body) =>
    path === '/account-info/v3/details' ? { ...(body as object), accountType: 'OTHER' } : body,
  );
  closing.push(proxy.stop);
  const entry = { ...hubspotEntry('stage', crm, { url: proxy.url, environment: 'sandbox' }), env: { STAGE_TOKEN: 'another-token-of-production' } };
  const scene = await parityScene({ crm: hubspotEntry('crm', crm), stage: entry });
  await scene.parity();
  const { code, result } = await scene.check();
  expect(code).toBe(6);
  expect(result).toMatchObject({ verdict: 'refused', apart: [{ is: 'different' }, { what: 'account', is: 'same' }, { what: 'host' }] });
  expect(crm.writes()).toEqual([]);
});

it('counts what it may not see, and what is answered in part, as unreadable and never as the same', async () => {
  const scopes = ['oauth', 'crm.objects.contacts.read', 'crm.objects.companies.read', 'crm.objects.deals.read'];
  const both = await pair({ scopes }, { scopes });
  const proxy = await rewriting(both.crm.url, (path, body) =>
    path === '/crm/v3/properties/companies' ? { ...(body as object), numErrors: 1, errors: [{ message: 'some could not be read' }] } : body,
  );
  closing.push(proxy.stop);
  const scene = await parityScene({
    stage: hubspotEntry('stage', both.stage),
    crm: hubspotEntry('crm', both.crm, { url: proxy.url, limits: { wait: '50ms' } }),
  });
  await scene.parity({ leak: 'off', objects: ['contacts'], areas: WITHOUT_AUDIENCES });
  const denied = await scene.check();
  expect(denied.code).toBe(3);
  expect(denied.result).toMatchObject({ verdict: 'unproven', items: [{ item: 'automations', status: 'unreadable' }] });
  expect(denied.result.items[0]?.why).toMatch(/^test environment: .*; production: .*automation/u);

  await scene.parity({ leak: 'off', areas: ['fields', 'options', 'scopes'] });
  const partly = await scene.check();
  expect(partly.code).toBe(3);
  expect(partly.result.items).toMatchObject([
    { item: 'fields', status: 'unreadable', why: expect.stringContaining('production: ') as string },
    { item: 'options', status: 'unreadable' },
  ]);
  expect(partly.result.counts.map(({ area, same }) => [area, same > 0])).toEqual([
    ['fields', false],
    ['options', false],
    ['scopes', true],
  ]);

  // Whoever cannot read it may say so, for a time; a difference is not covered by that.
  const accepted = [{ item: 'automations', reason: 'no scope for it', until: '2999-12-31', unreadable: true }];
  await scene.parity({ leak: 'off', objects: ['contacts'], accepted, areas: WITHOUT_AUDIENCES });
  expect(await scene.check()).toMatchObject({ code: 0, result: { verdict: 'like', items: [{ status: 'accepted' }] } });
});

it('finds planted differences of validation rules, lists and forms, and nothing else; what the token may not read is no pass', async () => {
  const both = await pair();
  const { stage, crm } = both;
  const list = (one: HubSpotSandbox, name: string, value?: string): void => {
    const filterBranch =
      value === undefined
        ? undefined
        : {
            filterBranchType: 'OR',
            filterBranches: [
              {
                filterBranchType: 'AND',
                filterBranches: [],
                filters: [
                  { filterType: 'PROPERTY', property: 'city', operation: { operationType: 'ENUMERATION', operator: 'IS_ANY_OF', values: [value] } },
                ],
              },
            ],
            filters: [],
          };
    one.portal.lists.create(
      { name, object: 'contacts', processing: value === undefined ? 'MANUAL' : 'DYNAMIC', filterBranch },
      { source: { type: 'CRM_UI', id: 'userId:7' }, request: 'r' },
    );
  };
  for (let n = 0; n < 30; n += 1) for (const one of [stage, crm]) list(one, `Same ${n}`, n % 2 === 0 ? `City ${n}` : undefined);
  list(stage, 'Only here');
  list(crm, 'Only there');
  list(stage, 'Other type', 'Bern');
  list(crm, 'Other type');
  list(stage, 'Asks for others', 'Bern');
  list(crm, 'Asks for others', 'Rome');
  const form = (name: string, more: object = {}) => ({
    id: `${name}-id`,
    name,
    formType: 'hubspot',
    fields: [{ name: 'email', required: true }, { name: 'city' }],
    ...more,
  });
  for (let n = 0; n < 25; n += 1) for (const one of [stage, crm]) one.portal.setUp.forms.push(form(`Same ${n}`));
  stage.portal.setUp.forms.push(
    form('Only here'),
    form('Fields', { fields: [{ name: 'email' }, { name: 'phone' }] }),
    form('Consent', { consent: 'Yes' }),
  );
  crm.portal.setUp.forms.push(form('Only there'), form('Fields'), form('Consent', { consent: 'I agree' }));
  const rule = (ruleType: string, ...ruleArguments: readonly string[]) => [{ ruleType, ruleArguments }];
  stage.portal.setUp.validations.set(
    'contacts',
    new Map([
      ['zip', rule('ALPHANUMERIC', 'NUMERIC_ONLY')],
      ['city', rule('MAX_LENGTH', '20')],
    ]),
  );
  crm.portal.setUp.validations.set(
    'contacts',
    new Map([
      ['zip', rule('ALPHANUMERIC', 'NUMERIC_ONLY')],
      ['city', rule('MAX_LENGTH', '40')],
      ['company', rule('MIN_LENGTH', '2')],
    ]),
  );
  for (const one of [stage, crm]) one.resetCounts();
  const scene = await sceneOf(both);
  const areas = ['validation-rules', 'lists', 'forms'];
  await scene.parity({ leak: 'off', areas });
  const { code, result, stdout } = await scene.check();
  expect(code, stdout).toBe(2);
  expect(result.items.map(({ item }) => item).sort(byText)).toEqual(
    [
      'validation-rules/contacts.company',
      'validation-rules/contacts.city/MAX_LENGTH#arguments',
      'lists/Only here',
      'lists/Only there',
      'lists/Other type#type',
      'lists/Other type#asks',
      'lists/Asks for others#asks',
      'forms/Only here',
      'forms/Only there',
      'forms/Fields/phone',
      'forms/Fields/city',
      'forms/Fields/email#required',
      'forms/Consent#consent',
    ].sort(byText),
  );
  expect([crm.writes(), writesTo(crm)]).toEqual([[], []]);
  // The token of the test environment may not read them.
  const blind = await pair({ scopes: ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write'] });
  const dark = await sceneOf(blind, { objects: ['contacts'] });
  await dark.parity({ leak: 'off', areas, objects: ['contacts'] });
  const seen = await dark.check();
  expect([seen.code, seen.result.verdict]).toEqual([3, 'unproven']);
  expect(seen.result.items.map(({ item, status }) => `${item} ${status}`).sort(byText)).toEqual(['forms unreadable', 'lists unreadable']);
});
