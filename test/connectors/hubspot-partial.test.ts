import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Link, LinkSchema } from '../../src/records/index.js';
import { addCustomType } from '../../src/sandbox/hubspot/routes/schemas.js';
import { type Answer, type Meddler, openProxyBench, type Passing, type ProxyBench } from './hubspot-proxy.js';
import { all, people, seed } from './hubspot-support.js';

/**
 * HubSpot answers with a part of what was asked for. Whoever takes it for the whole cuts good links and archives good
 * records.
 */

let bench: ProxyBench;
beforeEach(async () => {
  bench = await openProxyBench({ associationPageSize: 5 });
});
afterEach(() => bench.stop());

/** What a partial answer says of what it leaves out. */
const SAYINGS: readonly (readonly [string, (lost: readonly string[]) => Partial<Answer>])[] = [
  ['an internal error that names them', (lost) => ({ errors: [error('INTERNAL_ERROR', { ids: lost, fromObjectId: lost })] })],
  ['an error of another kind that names them', (lost) => ({ errors: [error('MIGRATION_IN_PROGRESS', { ids: lost, fromObjectId: lost })] })],
  ['an error that names nothing', () => ({ errors: [error('INTERNAL_ERROR')] })],
  ['more errors than it lists', (lost) => ({ errors: [], numErrors: lost.length })],
  ['nothing', () => ({})],
];

const error = (category: string, context?: Readonly<Record<string, readonly string[]>>): unknown => ({
  status: 'error',
  category,
  message: `went wrong: ${category}`,
  ...(context ? { context } : {}),
});

/** Leaves out half of what the matching answers hold, so many times. */
function loseHalf(path: RegExp, saying: (lost: readonly string[]) => Partial<Answer>, times: number): Meddler {
  let left = times;
  return {
    after: (passing, answer) => {
      if (!path.test(passing.path) || answer.results.length === 0 || left <= 0) return undefined;
      left -= 1;
      const kept = answer.results.slice(Math.ceil(answer.results.length / 2));
      const lost = answer.results.slice(0, answer.results.length - kept.length).map(idOf);
      const { errors = [], ...rest } = saying(lost);
      const silent = Object.keys(saying(lost)).length === 0;
      const body =
        silent && answer.errors === undefined
          ? { ...answer, results: kept }
          : { ...answer, results: kept, ...rest, errors: [...(answer.errors ?? []), ...errors] };
      return { status: silent ? 200 : 207, body };
    },
  };
}

function idOf(one: Record<string, unknown>): string {
  const from = one['from'] as { readonly id: string } | undefined;
  return from?.id ?? String(one['id']);
}

const LINKS = /associations\/.*\/batch\/read/;
const RECORDS = /objects\/contacts\/batch\/read/;
const single = ({ method, path }: Passing): boolean => method === 'GET' && /\/objects\/contacts\/\d+/.test(path);
const never = Number.POSITIVE_INFINITY;

/** 40 contacts of which the first 30 are linked to 2 companies, 15 each. */
async function office(): Promise<{ readonly contacts: readonly string[]; readonly companies: readonly string[]; readonly link: LinkSchema }> {
  const contacts = seed(bench.sandbox, 'contacts', people(40));
  const companies = seed(bench.sandbox, 'companies', [{ name: 'A' }, { name: 'B' }]);
  const { portal } = bench.sandbox;
  const type = portal.links.type('contacts', 'companies', 'HUBSPOT_DEFINED', 279);
  for (const [n, contact] of contacts.slice(0, 30).entries())
    portal.link(type, contact, companies[n % 2] ?? '', { source: { type: 'IMPORT', id: '77' } });
  return { contacts, companies, link: await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-279') };
}

describe.each(SAYINGS)('links of which a part is left out with %s', (_name, saying) => {
  it('are asked for again, from either side, page by page, alone and within one read', async () => {
    const { contacts, companies, link } = await office();
    const read = async (limit: object): Promise<number> => (await all(bench.connector.readLinks({ link, ...limit }))).flat().length;
    for (const limit of [{ fromKeys: contacts }, { toKeys: companies }, {}]) {
      bench.meddle(loseHalf(LINKS, saying, 3));
      expect(await read(limit)).toBe(30);
    }
    await bench.connector.beginRead?.();
    await all(bench.connector.read({ schema: await bench.schema('contacts') }));
    bench.meddle(loseHalf(LINKS, saying, 3));
    expect(await read({})).toBe(30);
    await bench.connector.endRead?.();
  });

  it('fail the read where they stay left out, and the pieces that were read are no answer', async () => {
    const { contacts, link } = await office();
    const lost = loseHalf(LINKS, saying, never);
    bench.meddle({
      ...lost,
      instead: (passing) => (/v4\/objects\/.*\/associations/.test(passing.path) ? { status: 404, body: { status: 'error' } } : undefined),
    });
    const links: Link[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of bench.connector.readLinks({ link, fromKeys: contacts })) links.push(...batch);
    };
    await expect(read()).rejects.toMatchObject({ code: 'platform-incomplete', exitCode: 3 });
    expect(links.length).toBeLessThan(30);
    expect(bench.asked.length).toBeLessThan(80);
  });
});

describe.each(SAYINGS)('records of which a part is left out with %s', (_name, saying) => {
  it('are asked for again, with and without history, and only those that are gone are absent', async () => {
    const contacts = seed(bench.sandbox, 'contacts', people(40));
    const schema = await bench.schema('contacts');
    const [gone = ''] = contacts;
    bench.sandbox.portal.archive(bench.sandbox.portal.types.get('contacts'), gone, { source: { type: 'CRM_UI', id: 'userId:1' } });
    for (const history of [undefined, ['firstname']]) {
      bench.meddle(loseHalf(RECORDS, saying, 3));
      const batches = await all(bench.connector.read({ schema, keys: [...contacts, '999999999999'], ...(history ? { history } : {}) }));
      expect(batches.flatMap(({ records }) => records.map(({ key }) => key)).sort()).toEqual(contacts.filter((key) => key !== gone).sort());
    }
  });

  it('fail the read where they stay left out, and it is told which', async () => {
    const contacts = seed(bench.sandbox, 'contacts', people(40));
    const schema = await bench.schema('contacts');
    const [first = ''] = contacts;
    bench.meddle({
      after: (passing, answer) => {
        if (!RECORDS.test(passing.path)) return undefined;
        const kept = answer.results.filter((one) => one['id'] !== first);
        return kept.length === answer.results.length ? undefined : { status: 207, body: { ...answer, results: kept, ...saying([first]) } };
      },
    });
    const reading = all(bench.connector.read({ schema, keys: contacts }));
    await expect(reading).rejects.toMatchObject({ code: 'platform-incomplete', why: expect.stringContaining(first) as string });
    expect(bench.waits).toEqual([]);
    expect(bench.clock.slept).toBeGreaterThan(3000);
    expect(bench.asked.filter(single).length).toBeGreaterThan(0);
  });
});

describe('what HubSpot says there is none of', () => {
  it('is absent, at once, also where the error does not say which', async () => {
    const contacts = seed(bench.sandbox, 'contacts', people(20));
    const schema = await bench.schema('contacts');
    bench.meddle({
      after: (passing, answer, status) =>
        status === 207 && RECORDS.test(passing.path) ? { status, body: { ...answer, errors: [error('OBJECT_NOT_FOUND')] } } : undefined,
    });
    const keys = [...contacts, '999999999991', '999999999992'];
    const records = (await all(bench.connector.read({ schema, keys }))).flatMap((batch) => batch.records);
    expect(records).toHaveLength(20);
    expect(bench.clock.slept).toBe(0);
  });

  it('is known by its page too, where the batch says nothing of it', async () => {
    const [there = ''] = seed(bench.sandbox, 'contacts', people(1));
    const schema = await bench.schema('contacts');
    bench.meddle({
      after: (passing, answer) => (RECORDS.test(passing.path) ? { status: 200, body: { status: 'COMPLETE', results: answer.results } } : undefined),
    });
    const records = (await all(bench.connector.read({ schema, keys: [there, '999999999999'] }))).flatMap((batch) => batch.records);
    expect(records.map(({ key }) => key)).toEqual([there]);
  });
});

describe('a record that was merged away', () => {
  it('leads to the other one, also where the batch says nothing of it', async () => {
    const [kept = '', merged = ''] = seed(bench.sandbox, 'contacts', people(2));
    bench.sandbox.portal.merge(bench.sandbox.portal.types.get('contacts'), kept, merged, { source: { type: 'CRM_UI', id: 'userId:1' } });
    const schema = await bench.schema('contacts');
    bench.meddle({
      after: (passing, answer) => (RECORDS.test(passing.path) ? { status: 200, body: { ...answer, results: [] } } : undefined),
    });
    const batches = await all(bench.connector.read({ schema, keys: [merged] }));
    expect(batches.map(({ records, aliases }) => [records.length, aliases?.get(merged)])).toEqual([[0, kept]]);
  });
});

describe('a list', () => {
  it('that says that it lacks something is asked for again, and else fails the whole read', async () => {
    const contacts = seed(bench.sandbox, 'contacts', people(250));
    const schema = await bench.schema('contacts');
    const list = /objects\/contacts\?/;
    bench.meddle(loseHalf(list, SAYINGS[0]?.[1] ?? (() => ({})), 2));
    expect((await all(bench.connector.read({ schema }))).flatMap((batch) => batch.records)).toHaveLength(contacts.length);
    bench.meddle(loseHalf(list, SAYINGS[3]?.[1] ?? (() => ({})), never));
    await expect(all(bench.connector.read({ schema }))).rejects.toMatchObject({ code: 'platform-incomplete' });
  });

  it('of what changed, too', async () => {
    seed(bench.sandbox, 'contacts', people(40));
    bench.sandbox.catchUpSearch();
    const schema = await bench.schema('contacts');
    const changed = { schema, changedSince: new Date(bench.clock.now().getTime() - 3_600_000) };
    bench.meddle(loseHalf(/contacts\/search/, SAYINGS[0]?.[1] ?? (() => ({})), 2));
    expect((await all(bench.connector.read(changed))).flatMap((batch) => batch.records)).toHaveLength(40);
    bench.meddle(loseHalf(/contacts\/search/, SAYINGS[0]?.[1] ?? (() => ({})), never));
    await expect(all(bench.connector.read(changed))).rejects.toMatchObject({ code: 'platform-incomplete' });
  });

  it('that goes on without saying where fails the read', async () => {
    seed(bench.sandbox, 'contacts', people(150));
    const schema = await bench.schema('contacts');
    bench.meddle({ after: (_passing, answer) => ({ status: 200, body: { ...answer, paging: { next: { link: 'https://example.com' } } } }) });
    await expect(all(bench.connector.read({ schema }))).rejects.toMatchObject({ code: 'platform-nonsense' });
  });
});

describe('after a write', () => {
  const silentFor = (path: RegExp, also: RegExp): Meddler => ({
    instead: (passing) => (also.test(passing.path) ? { status: 400, body: { status: 'error', message: 'not now' } } : undefined),
    after: (passing, answer) => {
      if (passing.path.includes('batch/update')) return { status: 200, body: { ...answer, results: [] } };
      return path.test(passing.path) ? { status: 207, body: { ...answer, results: [], errors: [error('INTERNAL_ERROR')] } } : undefined;
    },
  });

  it('what cannot be read back is in doubt: neither deleted nor applied', async () => {
    const { contacts, companies, link } = await office();
    const [a = '', b = ''] = contacts;
    const schema = await bench.schema('contacts');
    bench.meddle(silentFor(RECORDS, /objects\/contacts\/\d+/));
    const update = { action: 'update' as const, schema, expect: {}, set: { firstname: 'New' } };
    expect(await bench.connector.write([{ ...update, key: a }])).toMatchObject([{ status: 'in_doubt' }]);
    expect(await bench.connector.write([{ action: 'delete', schema, key: b, expect: {} }])).toMatchObject([{ status: 'in_doubt' }]);
    bench.meddle(silentFor(LINKS, /v4\/objects/));
    const cut = { action: 'unlink' as const, link, from: contacts[2] ?? '', to: companies[0] ?? '' };
    expect(await bench.connector.write([cut])).toMatchObject([{ status: 'in_doubt' }]);
  });

  it('a lost create is unknown, not absent, where its lookup is left out', async () => {
    const schema = await bench.schema('contacts');
    const since = bench.clock.now();
    bench.sandbox.faults.add({ kind: 'drop-answer', path: '*batch/create' });
    const create = { action: 'create' as const, schema, key: 'old', set: { email: 'new@example.com' } };
    expect(await bench.connector.write([create])).toMatchObject([{ status: 'in_doubt' }]);
    bench.meddle(silentFor(RECORDS, /objects\/contacts\/new/));
    expect(await bench.connector.findCreated([create], since)).toEqual([{ state: 'unknown' }]);
  });
});

describe('definitions', () => {
  const labels = /associations\/contacts\/companies\/labels/;
  const unknown = { status: 404, body: { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'resource not found' } };

  it.each([
    ['unknown', unknown],
    ['a bad request', { status: 400, body: { status: 'error', message: 'Unable to infer object type' } }],
    ['an empty list', { status: 200, body: { results: [] } }],
    ['a page of something in between', { status: 404, page: '<html>404</html>' }],
  ])('the kinds of link between two of HubSpot’s own object types do not vanish because of %s', async (_name, answer) => {
    let times = 2;
    bench.meddle({ instead: ({ path }) => (labels.test(path) && (times -= 1) >= 0 ? answer : undefined) });
    expect((await bench.connector.describe(['contacts', 'companies'])).links.length).toBeGreaterThan(0);
    bench.meddle({ instead: ({ path }) => (labels.test(path) ? answer : undefined) });
    bench.clock.advance(120_000);
    await expect(bench.connector.describe(['contacts', 'companies'])).rejects.toMatchObject({ exitCode: 3 });
  });

  it('a pair that HubSpot does not know has no links; one that a definition names, or that had some before, cannot lose them', async () => {
    const names = ['contacts', `p${String(bench.sandbox.portalId)}_machine`];
    addCustomType(bench.sandbox.portal, { name: 'machine', labels: { singular: 'Machine', plural: 'Machines' } });
    const between = /associations\/contacts\/p\d+_machine\/labels/;
    const without = (answer: Answer): Answer => ({ ...answer, results: answer.results.map((one) => ({ ...one, associations: [] })) });
    const schemas: Meddler = {
      after: ({ path }, answer) => (path.includes('/v3/schemas') ? { status: 200, body: without(answer) } : undefined),
    };
    const linked = async (): Promise<number> => {
      bench.clock.advance(120_000);
      return (await bench.connector.describe(names)).links.filter((link) => link.from !== link.to).length;
    };
    const refused: Meddler['instead'] = ({ path }) => (between.test(path) ? unknown : undefined);
    bench.meddle({ ...schemas, instead: refused });
    expect(await linked()).toBe(0);
    bench.meddle({ instead: refused });
    await expect(linked()).rejects.toMatchObject({ code: 'platform-incomplete' });
    bench.meddle(schemas);
    expect(await linked()).toBeGreaterThan(0);
    bench.meddle({ ...schemas, instead: refused });
    await expect(linked()).rejects.toMatchObject({ code: 'platform-incomplete' });
  });

  it('a label that was left out of the list, and has links, fails the snapshot instead of leaving its links out', async () => {
    const { contacts, companies } = await office();
    const { portal } = bench.sandbox;
    portal.link(portal.links.type('contacts', 'companies', 'USER_DEFINED', 35), contacts[0] ?? '', companies[0] ?? '', {
      source: { type: 'IMPORT', id: '77' },
    });
    bench.meddle({
      after: ({ path }, answer) =>
        labels.test(path) ? { status: 200, body: { results: answer.results.filter((one) => one['category'] === 'HUBSPOT_DEFINED') } } : undefined,
    });
    bench.clock.advance(120_000);
    const link = await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-279');
    await bench.connector.beginRead?.();
    await expect(all(bench.connector.readLinks({ link }))).rejects.toMatchObject({ code: 'platform-incomplete' });
    await bench.connector.endRead?.();
    expect((await all(bench.connector.readLinks({ link, fromKeys: contacts }))).flat()).toHaveLength(30);
  });

  it('a kind of HubSpot’s own that was left out of the list, and has links, fails it too', async () => {
    await office();
    bench.meddle({
      after: ({ path }, answer) =>
        labels.test(path) ? { status: 200, body: { results: answer.results.filter((one) => one['typeId'] !== 279) } } : undefined,
    });
    bench.clock.advance(120_000);
    const link = await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-1');
    await bench.connector.beginRead?.();
    await expect(all(bench.connector.readLinks({ link }))).rejects.toMatchObject({ code: 'platform-incomplete' });
    await bench.connector.endRead?.();
  });

  it('are read to their last page, and a refused list of custom object types is not an empty one', async () => {
    const properties = /v3\/properties\/contacts/;
    bench.meddle({
      after: ({ path }, answer) => {
        if (!properties.test(path)) return undefined;
        const rest = path.includes('after=') ? answer.results.slice(10) : answer.results.slice(0, 10);
        return { status: 200, body: { results: rest, ...(path.includes('after=') ? {} : { paging: { next: { after: '10' } } }) } };
      },
    });
    const plain = (await bench.connector.describe(['contacts'])).objects[0]?.fields.length ?? 0;
    expect(plain).toBeGreaterThan(20);
    bench.meddle({ instead: ({ path }) => (path.includes('/v3/schemas') ? unknown : undefined) });
    await expect(bench.connector.describe(undefined)).rejects.toMatchObject({ code: 'platform-incomplete' });
    bench.meddle({ instead: ({ path }) => (properties.test(path) ? { status: 200, body: { results: [] } } : undefined) });
    bench.clock.advance(120_000);
    await expect(bench.connector.describe(['contacts'])).rejects.toMatchObject({ code: 'platform-incomplete' });
  });
});

// A user would lose: a colleague's edit, which no history showed, so that it was taken for the damage.
describe('a history that is left out of an answer', () => {
  const silent = (times: number, part: number): Meddler => {
    let left = times;
    return {
      after: ({ path }, answer, status) => {
        if (!RECORDS.test(path) || (left -= 1) < 0) return undefined;
        const cut = answer.results.slice(0, part).map((one) => ({ ...one, propertiesWithHistory: {} }));
        return { status, body: { ...answer, results: [...cut, ...answer.results.slice(part)] } };
      },
    };
  };

  it('is asked for again, and else fails the read', async () => {
    const { contacts } = await office();
    const schema = await bench.schema('contacts');
    const request = { schema, keys: contacts, history: ['firstname', 'jobtitle'] };
    bench.meddle(silent(2, 7));
    const found = (await all(bench.connector.read(request))).flatMap(({ history = new Map() }) => [...history.values()]);
    expect(found).toHaveLength(40);
    for (const { fields } of found) expect(fields['firstname']).toHaveLength(1);
    bench.meddle(silent(never, 1));
    await expect(all(bench.connector.read(request))).rejects.toMatchObject({ code: 'platform-incomplete' });
  });
});
