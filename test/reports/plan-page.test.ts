import { describe, expect, test } from 'vitest';

import { groupsOfPlan, placeholders, planHtml, planMarkdown, type PlanPage, planRows } from '../../src/reports/index.js';
import type { PlanHeader, PlanLine } from '../../src/restores/index.js';
import { hasBrowser, openBrowser, openPage, violationsOf } from '../support/browser.js';
import { fullSweeps } from '../support/sweeps.js';

/** A user would lose: the one who approves looks at a page that hangs, hides a group, or tells what it must not. */

const BY_SYNC = { state: 'attributed', writer: 'INTEGRATION:crm', at: '2026-11-02T09:13:07Z' } as const;
const CHANGES = fullSweeps ? 200_000 : 5000;

function* lines(changes: number): Generator<readonly PlanLine[]> {
  for (let n = 1; n <= changes; n += 1) {
    const key = String(100_000 + n);
    const fields = { jobtitle: { from: 'Valued Customer', to: `Title ${n}` }, phone: { from: null, to: `+49 30 ${n}` } };
    yield [{ kind: 'change', n, action: 'update', object: 'contacts', key, fields, why: 'changed by the damage', attribution: BY_SYNC }];
  }
  const none = { state: 'unknown' } as const;
  const ends = { from: { object: 'contacts', key: '7' }, to: { object: 'companies', key: '9' }, why: 'cut', attribution: none };
  yield [
    {
      kind: 'change',
      n: 0,
      action: 'update',
      object: 'contacts',
      key: '1',
      fields: { email: { to: 'x@example.com' } },
      interim: true,
      why: 'meanwhile',
      attribution: none,
    },
    {
      kind: 'change',
      n: 0,
      action: 'update',
      object: 'contacts',
      key: '1',
      fields: { stage: { from: 'a', to: 'a', keeps: true } },
      why: 'kept',
      attribution: none,
    },
    { kind: 'change', n: 0, action: 'link', link: 'contact_to_company', ...ends },
    {
      kind: 'change',
      n: 0,
      action: 'delete',
      object: 'deals',
      key: '3',
      fields: { name: { from: 'Deal' } },
      why: 'made by the damage',
      attribution: none,
    },
    {
      kind: 'conflict',
      id: 'contacts/5/email',
      code: 'edited-since',
      object: 'contacts',
      key: '5',
      field: 'email',
      base: 'old@example.com',
      damaged: 'wrong@example.com',
      live: 'new@example.com',
      message: 'someone edited it',
      choices: { keep: 'leave it', restore: 'put it back' },
    },
    {
      kind: 'conflict',
      id: 'contacts/6/consent',
      code: 'consent',
      object: 'contacts',
      key: '6',
      field: 'consent',
      message: 'cannot be written',
      byHand: 'Ask the person.',
      choices: { keep: 'leave it' },
    },
  ];
}

const header: PlanHeader = {
  version: 1,
  id: 'plan-20261102-101500-abcd',
  platform: 'hubspot',
  account: '123',
  environment: 'production',
  base: { snapshot: 'snap-20261101-040000-base', digest: 'b' },
  damaged: { snapshot: 'snap-20261102-100000-damd', digest: 'd' },
  filters: { unattributed: 'unknown', deleteCreated: true, where: 'base.email == "ann@example.com"' },
  counts: {
    records: CHANGES,
    of: CHANGES * 2,
    cells: CHANGES * 2,
    actions: { update: CHANGES, link: 1, delete: 1 },
    conflicts: { 'edited-since': 1, consent: 1 },
    nothingToDo: 0,
    byHand: [{ object: 'contacts', field: 'consent', records: 1, how: 'Ask the person.' }],
  },
  createdBy: 'maya',
  createdAt: '2026-11-02T10:15:00Z',
  digest: 'x',
};

async function pageOf(personal: boolean): Promise<PlanPage> {
  const groups = await groupsOfPlan(
    (async function* () {
      yield* lines(CHANGES);
    })(),
  );
  return {
    plan: { header, hash: 'a'.repeat(64) },
    schema: { objects: [], links: [] },
    groups,
    words: {
      actions: { update: 'change', create: 'create again', delete: 'delete', undelete: 'undelete', link: 'link', unlink: 'unlink' },
      conflicts: new Proxy({} as PlanPage['words']['conflicts'], { get: (_, code) => `meaning of ${String(code)}` }),
      choices: () => ({ keep: 'Keep what is there now', restore: 'Put the old value back' }),
      filters: personal ? 'where base.email == "ann@example.com"' : 'where (an expression)',
      notCovered: ['contacts, links: not told'],
      effect: `changes ${CHANGES} records`,
    },
    looks: (object, key) => ({ name: `Ann ${key}`, address: `ann${key}@example.com`, page: `https://app.example.com/${object}/${key}` }),
    personal,
  };
}

test('groups: what is written, how often, by whom, and what most of it is; interim and kept values are none', async () => {
  const { groups } = await pageOf(true);
  expect(
    groups.changes.map(({ action, object, field, changes, writers, now, willBe }) => [action, object, field, changes, writers.length, now, willBe]),
  ).toEqual([
    ['update', 'contacts', 'jobtitle', CHANGES, 1, { value: 'Valued Customer', times: CHANGES }, undefined],
    ['update', 'contacts', 'phone', CHANGES, 1, { value: null, times: CHANGES }, undefined],
    ['link', 'contacts', 'contact_to_company', 1, 0, undefined, undefined],
    ['delete', 'deals', '', 1, 0, undefined, undefined],
  ]);
  expect(groups.changes[0]?.examples).toHaveLength(3);
  expect(groups.conflicts.map(({ code, conflicts, open }) => [code, conflicts, open])).toEqual([
    ['edited-since', 1, 1],
    ['consent', 1, 0],
  ]);
});

test('the page without personal data holds no value, name, address or word of the filter; the same value has the same placeholder', async () => {
  const page = await pageOf(false);
  for (const text of [planHtml(page), planMarkdown(page)]) {
    for (const told of ['Valued Customer', 'Title 1', 'Ann 1', '@example.com', '+49', 'Schmidt']) expect(text, told).not.toContain(told);
    expect(text).toContain('not possible');
    expect(text).toContain('Ask the person.');
    expect([...text.matchAll(/\[value 1\\?\]/gu)].length).toBeGreaterThan(1);
  }
  expect(planHtml(await pageOf(true))).toContain('ann100001@example.com');
});

test('a key that is an address is none on the page or in the table, and no sentence of the plan names a value', async () => {
  const attribution = { state: 'unknown' } as const;
  const address = 'ann@example.com';
  const some: readonly PlanLine[] = [
    { kind: 'change', n: 1, action: 'update', object: 'people', key: address, fields: { city: { from: 'a', to: 'b' } }, why: 'changed', attribution },
    {
      kind: 'change',
      n: 2,
      action: 'link',
      link: 'x',
      from: { object: 'people', key: '1' },
      to: { object: 'people', key: address },
      why: 'cut',
      attribution,
    },
    {
      kind: 'conflict',
      id: 'c',
      code: 'edited-since',
      object: 'people',
      key: address,
      field: 'lastname',
      message: 'In the meantime someone wrote "Anna Schmidt" to lastname',
      choices: { keep: 'a', restore: 'b' },
    },
  ];
  const looks = (object: string, key: string): { readonly page: string } => ({
    page: `https://app.example.com/${object}/${encodeURIComponent(key)}`,
  });
  const rows = planRows(some, { looks, hide: placeholders() });
  const page = await pageOf(false);
  const groups = await groupsOfPlan(
    (async function* () {
      yield some;
    })(),
  );
  for (const text of [JSON.stringify(rows), planHtml({ ...page, groups, looks })])
    for (const told of ['ann@example', 'ann%40example', 'Schmidt']) expect(text, told).not.toContain(told);
});

test('what stands in data cannot become markup', async () => {
  const page = await pageOf(true);
  const html = planHtml({ ...page, looks: () => ({ name: '<img src=x onerror=alert(1)>', page: 'javascript:alert(1)' }) });
  expect(html).not.toContain('<img');
  expect(html).not.toContain('href="javascript');
});

describe.skipIf(!hasBrowser())('in a browser', () => {
  test(`a plan of ${CHANGES} changes opens in under two seconds and has no barrier`, async () => {
    const html = planHtml(await pageOf(true));
    const browser = await openBrowser();
    for (const looking of [
      { colors: 'light', width: 390 },
      { media: 'print', width: 680 },
    ] as const) {
      const started = performance.now();
      const { page, requests } = await openPage(browser, { html }, looking);
      const ms = performance.now() - started;
      if (fullSweeps) expect(ms).toBeLessThan(2000);
      expect(await violationsOf(page), JSON.stringify(looking)).toEqual([]);
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(overflow, JSON.stringify(looking)).toBeLessThanOrEqual(0);
      expect(requests).toEqual(['http://page.invalid/']);
      const shots = process.env['RUNBACK_TEST_SHOTS'];
      if (shots !== undefined) await page.screenshot({ path: `${shots}/plan-${Object.values(looking).join('-')}.png`, fullPage: true });
      await page.context().close();
    }
    // What the browser has to read does not grow with the plan.
    expect(html.length).toBeLessThan(100_000);
  });
});
