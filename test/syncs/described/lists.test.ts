import { afterEach, describe, expect, test } from 'vitest';

import { systemClock } from '../../../src/lib/index.js';
import { startHubSpotSandbox, startMailchimpSandbox } from '../../../src/sandbox/index.js';
import { parseController } from '../../../src/syncs/descriptions/load.js';
import { type FoundSync, listingTools, listSyncs } from '../../../src/syncs/index.js';
import { type Answer, type Asked, type Stub, startStub } from '../stubs/kit.js';

/** A user would be offered half of the syncs that a tool has, or those of somebody else's words. */

let stub: Stub | undefined;
afterEach(async () => {
  await stub?.close();
  stub = undefined;
});

async function listed(kind: string, url: string, credentials: Readonly<Record<string, string>>): Promise<readonly FoundSync[]> {
  return await listSyncs(kind, {
    name: kind,
    options: { url },
    credentials: async () => await Promise.resolve({ ...credentials }),
    secret: async () => await Promise.resolve(''),
    redact: (text) => text,
    cwd: '.',
    environment: {},
    clock: systemClock,
  });
}

/** What each answers to a question for all that it has, by the vendor's own pages: a path, and the answer to the first page and others. */
const PAGES: Readonly<Record<string, readonly [path: string, answer: (asked: Asked) => unknown]>> = {
  airbyte: [
    '/connections',
    () => ({ data: [entry('connectionId', 'name', { status: 'active' }), entry('connectionId', 'name', { status: 'inactive' }, 2)] }),
  ],
  census: [
    '/api/v1/syncs',
    ({ query }) =>
      query.get('page') === null
        ? { data: [{ id: 1, label: 'Sync 1', paused: false }], pagination: { page: 1, next_page: 2 } }
        : { data: [{ id: 2, label: 'Sync 2', paused: true }], pagination: { page: 2, next_page: null } },
  ],
  fivetran: [
    '/v1/connections',
    ({ query }) =>
      query.get('cursor') === null
        ? { code: 'Success', data: { items: [entry('id', 'schema', { paused: false })], next_cursor: 'eyJza2lwIjox' } }
        : { code: 'Success', data: { items: [entry('id', 'schema', { paused: true }, 2)] } },
  ],
  hightouch: [
    '/api/v1/syncs',
    () => ({
      data: [
        { id: 1, slug: 'Sync 1', disabled: false },
        { id: 2, slug: 'Sync 2', disabled: true },
      ],
      hasMore: false,
    }),
  ],
  n8n: [
    '/api/v1/workflows',
    ({ query }) =>
      query.get('cursor') === null
        ? { data: [entry('id', 'name', { active: true })], nextCursor: 'x' }
        : { data: [entry('id', 'name', { active: false }, 2)], nextCursor: null },
  ],
  'node-red-flow': [
    '/flows',
    () => [
      { id: '1', type: 'tab', label: 'Sync 1' },
      { id: '2', type: 'tab', label: 'Sync 2', disabled: true },
      { id: '3', type: 'inject', z: '1' },
    ],
  ],
  'salesforce-job': [
    '/services/data/v61.0/query',
    () => ({
      done: true,
      records: [
        { Id: '1', CronJobDetail: { Name: 'Sync 1' }, State: 'WAITING' },
        { Id: '2', CronJobDetail: { Name: 'Sync 2' }, State: 'PAUSED' },
        { Id: '3', CronJobDetail: { Name: 'Gone' }, State: 'DELETED' },
      ],
    }),
  ],
  workato: [
    '/api/recipes',
    () => ({
      items: [
        { id: 1, name: 'Sync 1', running: true },
        { id: 2, name: 'Sync 2', running: false },
      ],
    }),
  ],
};

function entry(id: string, name: string, more: Readonly<Record<string, unknown>>, n = 1): Readonly<Record<string, unknown>> {
  return { [id]: String(n), [name]: `Sync ${n}`, ...more };
}

const SECRETS = { key: 'a', secret: 'b', token: 'c', id: 'd' };
const TWO = [
  { id: '1', title: 'Sync 1', runs: true },
  { id: '2', title: 'Sync 2', runs: false },
];

describe('what a tool has', () => {
  test.each(Object.keys(PAGES))('%s: all pages, by reading alone', async (kind) => {
    const [path = '', answer] = PAGES[kind] ?? [];
    const log: string[] = [];
    stub = await startStub((asked): Answer => {
      if (/token/u.test(asked.path)) return { status: 200, body: { access_token: 't', token_type: 'Bearer' } };
      log.push(asked.method);
      return asked.path === path ? { status: 200, body: answer?.(asked) } : { status: 404, body: {} };
    });
    expect(await listed(kind, stub.url, SECRETS)).toEqual(TWO);
    expect(new Set(log)).toEqual(new Set(['GET']));
  });

  const many = (n: number): readonly Readonly<Record<string, unknown>>[] =>
    Array.from({ length: n }, (_, at) => ({
      ...entry('connectionId', 'name', { status: 'active', running: true, disabled: false, slug: `Sync ${at}`, id: at + 1 }, at + 1),
    }));

  test.each([
    ['airbyte', 'offset', 'data', 0],
    ['hightouch', 'offset', 'data', 0],
    ['workato', 'page', 'items', 1],
  ])('%s: 230 of them, of which an answer has 100 and says nothing of the rest', async (kind, word, items, from) => {
    const all = many(230);
    const asked: string[] = [];
    stub = await startStub(({ path, query }): Answer => {
      if (/token/u.test(path)) return { status: 200, body: { access_token: 't', token_type: 'Bearer' } };
      const place = query.get(word) ?? '';
      asked.push(place);
      const start = from === 0 ? Number(place) : (Number(place) - 1) * 100;
      return { status: 200, body: { [items]: all.slice(start, start + 100) } };
    });
    expect(await listed(kind, stub.url, SECRETS)).toHaveLength(230);
    expect(asked).toEqual(from === 0 ? ['0', '100', '200'] : ['1', '2', '3']);
  });

  test('a tool that gives its first page again and again is told, and nothing is offered', async () => {
    stub = await startStub(() => ({ status: 200, body: { items: many(100) } }));
    await expect(listed('workato', stub.url, SECRETS)).rejects.toMatchObject({
      code: 'sync-failed',
      why: expect.stringContaining('its list does not end') as unknown,
    });
  });

  test('workflows of HubSpot and automations of Mailchimp, by their sandboxes', async () => {
    const hubspot = await startHubSpotSandbox({ seed: 1 });
    const mailchimp = await startMailchimpSandbox();
    try {
      for (let n = 1; n <= 130; n += 1)
        hubspot.automate({ id: String(n), name: `Flow ${n}`, object: 'contacts', enabled: n % 2 === 0, when: { on: 'create' }, does: [] });
      const flows = await listed('hubspot-workflow', hubspot.url, { token: hubspot.token });
      expect([flows.length, flows[129]]).toEqual([130, { id: '130', title: 'Flow 130', runs: true }]);
      const [object = ''] = mailchimp.truth().objects.filter((name) => name.startsWith('members-'));
      mailchimp.automate({ id: 'a1', name: 'Welcome', object, enabled: true, when: { on: 'create' }, does: [] });
      expect(await listed('mailchimp-automation', mailchimp.url, { key: mailchimp.token })).toEqual([{ id: 'a1', title: 'Welcome', runs: true }]);
    } finally {
      await hubspot.stop();
      await mailchimp.stop();
    }
  });

  test('every shipped description of a tool with a list is tried here', async () => {
    const kinds = (await listingTools()).map(({ kind }) => kind);
    expect(kinds).toEqual([...Object.keys(PAGES), 'hubspot-workflow', 'mailchimp-automation', 'mailchimp-campaign', 'salesforce-flow'].sort());
  });
});

describe('a list that is not as its description says', () => {
  test.each([
    ['no list where it should be', { wrong: [] }, 'there is no list at data'],
    ['one without a title', { data: [{ id: '1', name: null, active: true }], nextCursor: null }, 'One of its list has no id, no title'],
    [
      'one that does not say whether it runs',
      { data: [{ id: '1', name: 'a', active: 'yes' }], nextCursor: null },
      'One of its list has no id, no title',
    ],
    ['a cursor that comes again', { data: [], nextCursor: 'again' }, 'its list does not end'],
  ])('%s is told, and nothing is offered', async (_, body, why) => {
    stub = await startStub(() => ({ status: 200, body }));
    await expect(listed('n8n', stub.url, SECRETS)).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining(why) as unknown });
  });

  test('a description whose list writes, or names what is not there, is refused with its line', () => {
    const text = (list: string): string => `version: 1
name: Own
status: { get: /x, paused: body.off, in_flight_is: nothing }
${list}
pause: { post: /p }
resume: { post: /r }
`;
    const parts = 'items: data, id: one.id, title: one.name, runs: one.on';
    expect(() => parseController(text(`list: { put: /all, ${parts} }`), 'own.yml')).toThrow(/own\.yml:4/u);
    expect(() => parseController(text(`list: { get: /all, items: data, id: two.id, title: one.name, runs: one.on }`), 'own.yml')).toThrow(
      /own\.yml:4/u,
    );
    expect(parseController(text(`list: { get: /all, ${parts} }`), 'own.yml').list).toMatchObject({ get: '/all' });
  });
});
