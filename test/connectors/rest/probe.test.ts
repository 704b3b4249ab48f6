import { describe, expect, it } from 'vitest';

import { descriptionOf, opened, type Says, type Seen, startServer, useWorkspace } from './support.js';

/** A user would find out on the day that a description of a platform does not fit it. */

const { folder, open, write } = useWorkspace();

const ROWS = Array.from({ length: 25 }, (_, n) => ({ id: n + 1, name: `P${String(n + 1)}` }));
const LIST = '{ get: /people, query: { offset: "{offset}", limit: "{limit}" }, items: data, total: total, pages: { by: offset, size: 10 } }';
const CHANGED =
  'changed: { get: /people, query: { since: "{since}", offset: "{offset}", limit: "{limit}" }, items: data, pages: { by: offset, size: 10 } }';

/** What an honest platform answers. */
function honest({ path, query }: Seen): Says {
  const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit') ?? 10)];
  const since = query.get('since');
  const rows = since === null || Date.parse(since) < Date.now() ? ROWS : [];
  if (path === '/people') return { body: { data: rows.slice(offset, offset + limit), total: rows.length } };
  const row = ROWS.find(({ id }) => path === `/people/${String(id)}`);
  return row === undefined ? { status: 404, body: {} } : { body: row };
}

async function probed(answer: (seen: Seen) => Says, parts: { list?: string; more?: string } = {}): Promise<readonly string[]> {
  const server = await startServer((seen) => answer(seen));
  open.push(server);
  await write(descriptionOf({ list: parts.list ?? LIST, more: parts.more ?? CHANGED }));
  const connector = await opened(server.url, folder());
  open.push(connector);
  const told: string[] = [];
  for await (const { ok, warning, what, found } of connector.probe?.(undefined) ?? [])
    told.push(`${ok ? (warning === true ? '!' : '+') : '-'} ${what}: ${found}`);
  expect(server.seen.map(({ method }) => method).filter((method) => method !== 'GET')).toEqual([]);
  return told;
}

describe('a probe', () => {
  it('says what works, and what the description lacks', async () => {
    expect(await probed(honest)).toEqual([
      '+ list of people: 25 records on 3 pages of 25',
      '+ records of people by key: 2 came back as they were listed, and one that is not there did not',
      '+ changes of people: of all time there are some, of a year from now there are none',
      expect.stringMatching(/^! people as described: lacks update: .*create: .*delete: .*created: /u),
    ]);
  });

  it.each<[string, (seen: Seen) => Says, RegExp]>([
    [
      'a wrong path',
      (seen) => (seen.path === '/people' ? { status: 404, body: { message: 'no such route' } } : honest(seen)),
      /^- list of people: .*refuses the request/u,
    ],
    [
      'a wrong way of paging',
      (seen) => ({ body: { data: ROWS.slice(0, 10), total: 25 }, ...(seen.path === '/people' ? {} : honest(seen)) }),
      /^- list of people: .*over and over|^- list of people: .*the same/u,
    ],
    ['no ids', () => ({ body: { data: [{ name: 'a' }], total: 1 } }), /^- list of people: .*has no integer at id \(d\.yml:8\)/u],
    [
      'totals that disagree',
      (seen) => (seen.path === '/people' ? { body: { ...(honest(seen).body as object), total: 3 } } : honest(seen)),
      /says that there are 3 \(d\.yml:12\)/u,
    ],
    [
      'records that cannot be had by key',
      (seen) => (seen.path.startsWith('/people/') ? { status: 404, body: {} } : honest(seen)),
      /^- records of people by key: .*listed people 1, and does not give it by its key \(2 of 2\)/u,
    ],
    [
      'any key answered with a record',
      (seen) => (seen.path.startsWith('/people/') ? { body: ROWS[0] } : honest(seen)),
      /^- records of people by key: .*listed people 2/u,
    ],
    [
      'a time that is not heeded',
      (seen) => honest({ ...seen, query: new URLSearchParams([...seen.query].filter(([name]) => name !== 'since')) }),
      /^- changes of people: .*\{since\} is not heeded/u,
    ],
  ])('finds %s', async (_, answer, words) => {
    expect((await probed(answer)).filter((line) => words.test(line))).toHaveLength(1);
  });

  it('names what is not described', async () => {
    const told = await probed((seen) => {
      const body = honest(seen).body as { data?: { id: number; name: string }[]; total?: number };
      return body.data === undefined ? honest(seen) : { body: { ...body, data: body.data.map((row) => ({ ...row, phone: '1', opted_out: false })) } };
    });
    expect(told[0]).toContain('not described, and not kept: opted_out, phone');
  });
});
