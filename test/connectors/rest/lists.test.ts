import { describe, expect, it } from 'vitest';

import type { Connector } from '../../../src/connectors/index.js';
import { isRunbackError } from '../../../src/lib/index.js';
import { all, descriptionOf, opened, type Says, schemaOf, type Seen, startServer, useWorkspace } from './support.js';

/** A user would lose: records that a list leaves out without a word, or their credentials to another server. */

interface Row {
  readonly id: number;
  readonly name: string;
}
const rows = (count: number): Row[] => Array.from({ length: count }, (_, n) => ({ id: n + 1, name: `P${String(n + 1)}` }));

const { folder, open, write } = useWorkspace();

async function platform(list: string, answer: (seen: Seen) => Says): Promise<{ connector: Connector; seen: Seen[]; url: string }> {
  const server = await startServer(answer);
  open.push(server);
  await write(descriptionOf({ list }));
  const connector = await opened(server.url, folder());
  open.push(connector);
  return { connector, seen: server.seen, url: server.url };
}

async function readAll(connector: Connector): Promise<string[]> {
  return (await all(connector.read({ schema: await schemaOf(connector) }))).map(({ key }) => key);
}

async function refusal(connector: Connector): Promise<string> {
  const error: unknown = await readAll(connector).catch((thrown: unknown) => thrown);
  if (!isRunbackError(error)) throw new Error(`no refusal: ${JSON.stringify(error)}`);
  return `${error.code}: ${error.message}`;
}

const offsetOf = ({ query }: Seen): [number, number] => [Number(query.get('offset')), Number(query.get('limit'))];
const OFFSET = '{ get: /people, query: { offset: "{offset}", limit: "{limit}" }, items: data, pages: { by: offset, size: 10 } }';

describe('by offset', () => {
  const list =
    (table: () => readonly Row[], most = 100) =>
    (seen: Seen): Says => {
      const [offset, limit] = offsetOf(seen);
      return { body: { data: table().slice(offset, offset + Math.min(limit, most)) } };
    };

  it('comes whole where pages are shorter than was asked for', async () => {
    const { connector } = await platform(
      OFFSET,
      list(() => rows(34), 4),
    );
    expect(await readAll(connector)).toEqual(rows(34).map(({ id }) => String(id)));
  });

  it.each([0, 1, 2, 9, 10, 11, 20])('comes whole with %i records', async (count) => {
    const { connector } = await platform(
      OFFSET,
      list(() => rows(count)),
    );
    expect(await readAll(connector)).toHaveLength(count);
  });

  it('loses none where others are deleted meanwhile', async () => {
    let table: readonly Row[] = rows(40);
    let pages = 0;
    const { connector } = await platform(OFFSET, (seen) => {
      pages += 1;
      if (pages === 2) table = table.slice(5);
      return list(() => table)(seen);
    });
    expect(await readAll(connector)).toEqual(expect.arrayContaining(table.map(({ id }) => String(id))));
  });

  it('is refused where the platform does not know the offset and gives the first page for ever', async () => {
    const { connector, seen } = await platform(OFFSET, () => ({ body: { data: rows(10) } }));
    expect(await refusal(connector)).toContain('over and over');
    expect(seen.length).toBeLessThan(10);
  });

  it('is refused where a platform gives one record a page, which nothing overlaps with', async () => {
    const { connector } = await platform(
      OFFSET,
      list(() => rows(5), 1),
    );
    expect(await refusal(connector)).toContain('one record a page');
  });
});

describe('by number', () => {
  const PAGE = '{ get: /people, query: { page: "{page}", per_page: "{limit}" }, items: data, total: meta.total, pages: { by: page, size: 10 } }';
  const page = (table: readonly Row[], { query }: Seen, most = 100): Says => {
    const [number, size] = [Number(query.get('page')), Math.min(most, Number(query.get('per_page')))];
    return { body: { data: table.slice((number - 1) * size, number * size), meta: { total: table.length } } };
  };

  it('comes whole, also where the platform gives fewer a page than was asked for', async () => {
    const { connector } = await platform(PAGE, (seen) => page(rows(37), seen, 4));
    expect(await readAll(connector)).toHaveLength(37);
  });

  it('finds what moved over the edge of a page', async () => {
    let table: readonly Row[] = rows(30);
    let asked = 0;
    const { connector } = await platform(PAGE, (seen) => {
      asked += 1;
      if (asked === 2) table = table.slice(1);
      return page(table, seen);
    });
    expect(await readAll(connector)).toEqual(expect.arrayContaining(table.map(({ id }) => String(id))));
  });

  it('is refused where it never holds still', async () => {
    let count = 20;
    const { connector, seen } = await platform(PAGE, (one) => page(rows((count += 1)), one));
    expect(await refusal(connector)).toContain('platform-incomplete');
    expect(seen.length).toBeLessThan(40);
  });

  it('is refused where every page is the first', async () => {
    const { connector } = await platform(PAGE, () => ({ body: { data: rows(10), meta: { total: 50 } } }));
    expect(await refusal(connector)).toMatch(/page 2 of people is one that came before \(d\.yml:\d+\)/u);
  });

  it('claims no census where nothing says how many there are', async () => {
    const { connector } = await platform(PAGE.replace('total: meta.total, ', ''), (seen) => page(rows(3), seen));
    expect(connector.capabilities.census).toBe(false);
  });
});

describe('by cursor', () => {
  const CURSOR = '{ get: /people, query: { after: "{cursor}", limit: "{limit}" }, items: data, pages: { by: cursor, size: 10, next: paging.next } }';

  it('comes whole, short and empty pages in between', async () => {
    const table = rows(25);
    const { connector } = await platform(CURSOR, ({ query }) => {
      const at = Number(query.get('after') ?? 0);
      const next = at < 25 ? at + 5 : undefined;
      return { body: { data: at === 5 ? [] : table.slice(at === 10 ? 5 : at, at + 5), paging: next === undefined ? {} : { next: String(next) } } };
    });
    expect(await readAll(connector)).toHaveLength(25);
  });

  it('is refused where the first page is full and names no next one, unless it is all', async () => {
    const { connector } = await platform(CURSOR, () => ({ body: { data: rows(10), pagination: { next: 'x' } } }));
    expect(await refusal(connector)).toContain('is full, and names no next one');
    const whole = await platform(CURSOR.replace('items: data', 'items: data, total: n'), () => ({ body: { data: rows(10), n: 10 } }));
    expect(await readAll(whole.connector)).toHaveLength(10);
  });

  it('claims no census where a page may be all that it gives', async () => {
    const { connector } = await platform(CURSOR, () => ({ body: { data: rows(2) } }));
    expect(connector.capabilities.census).toBe(true);
    const other = await platform(CURSOR.replace(', limit: "{limit}"', ''), () => ({ body: { data: rows(2) } }));
    expect(other.connector.capabilities.census).toBe(false);
  });

  it('is refused where a cursor comes again', async () => {
    const { connector } = await platform(CURSOR, () => ({ body: { data: rows(2), paging: { next: 'x' } } }));
    expect(await refusal(connector)).toContain('leads back');
  });
});

describe('records by key', () => {
  it('come whole where the platform gives fewer than were asked for, and what is not there ends it', async () => {
    const server = await startServer(({ query }) => {
      const asked = (query.get('ids') ?? '').split(',').map(Number);
      return {
        body: {
          data: rows(100)
            .filter(({ id }) => asked.includes(id))
            .slice(0, 7),
        },
      };
    });
    open.push(server);
    await write(descriptionOf({ list: OFFSET, read: '{ get: /people, query: { ids: "{keys}" }, items: data, most: 50 }' }));
    const connector = await opened(server.url, folder());
    open.push(connector);
    const keys = Array.from({ length: 110 }, (_, n) => String(n + 1));
    const found = await all(connector.read({ schema: await schemaOf(connector), keys }));
    expect(found.map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual(rows(100).map(({ id }) => id));
  });
});

describe('by link', () => {
  const LINK = '{ get: /people, items: data, pages: { by: link } }';

  it('follows the header, and sends credentials to no other server', async () => {
    const table = rows(6);
    const { connector } = await platform(LINK, ({ query }) => {
      const at = Number(query.get('at') ?? 0);
      return {
        body: { data: table.slice(at, at + 3) },
        headers: at === 0 ? { link: '</people?at=0>; rel="first", </people?at=3>; rel="next"' } : {},
      };
    });
    expect(await readAll(connector)).toHaveLength(6);
    const away = await platform(LINK, () => ({ body: { data: rows(1) }, headers: { link: '<http://127.0.0.2:1/people>; rel=next' } }));
    expect(await refusal(away.connector)).toContain('on another server');
    expect(away.seen).toHaveLength(1);
  });
});

describe('by key', () => {
  const KEY = '{ get: /people, query: { "id[gt]": "{after}", limit: "{limit}" }, items: data, pages: { by: key, size: 10 } }';

  it('comes whole, and is refused where it does not go on', async () => {
    const table = rows(31);
    const { connector } = await platform(KEY, ({ query }) => {
      const after = Number(query.get('id[gt]') ?? 0);
      return { body: { data: table.filter(({ id }) => id > after).slice(0, 7) } };
    });
    expect(await readAll(connector)).toHaveLength(31);
    const deaf = await platform(KEY, () => ({ body: { data: rows(10) } }));
    expect(await refusal(deaf.connector)).toMatch(/does not continue after 10 \(d\.yml:\d+\)/u);
  });
});

describe('by key, in another order', () => {
  it('is refused: behind the last key of a page there would be others that came before', async () => {
    const KEY = '{ get: /people, query: { "id[gt]": "{after}", limit: "{limit}" }, items: data, pages: { by: key, size: 10 } }';
    const table = [7, 3, 9, 1, 12].map((id) => ({ id, name: 'a' }));
    const { connector } = await platform(KEY, ({ query }) => ({
      body: { data: table.filter(({ id }) => id > Number(query.get('id[gt]') ?? 0)).slice(0, 3) },
    }));
    expect(await refusal(connector)).toContain('is not sorted by its key');
  });
});

describe('an answer that is not as described', () => {
  it.each([
    ['a list elsewhere', { data: undefined, results: rows(1) }, /has no list at data \(d\.yml:12\)/u],
    ['no key', { data: [{ name: 'a' }] }, /has no integer at id \(d\.yml:8\)/u],
    ['a key that JSON cannot hold exactly', { data: [{ id: 2 ** 60, name: 'a' }] }, /has no integer at id/u],
    ['a field that is not there', { data: [{ id: 1 }] }, /field name of people 1 is not there \(d\.yml:11\)/u],
    [
      'a field of another type',
      { data: [{ id: 1, name: { first: 'a' } }] },
      /field name of people 1 is a group, and not of the type string \(d\.yml:11\)/u,
    ],
    ['a number where a text is', { data: [{ id: 1, name: 7 }] }, /field name of people 1 is a number/u],
  ])('is refused: %s', async (_, body, words) => {
    const { connector } = await platform('{ get: /people, items: data, pages: { by: none } }', () => ({ body }));
    expect(await refusal(connector)).toMatch(words);
  });

  it('is told with the request and the kind of the answer, and with nothing of anybody', async () => {
    const { connector } = await platform('{ get: /people, query: { limit: 5 }, items: data, pages: { by: none } }', () => ({
      body: { data: [{ id: 1, name: ['ann@example.com'], phone: '+1 555 0100' }] },
    }));
    const error: unknown = await readAll(connector).catch((thrown: unknown) => thrown);
    if (!isRunbackError(error, 'platform-nonsense')) throw new Error(String(error));
    expect(error.why).toBe('It was asked: GET /people?limit=5. It answered: {"id": number, "name": [text], "phone": text}');
    expect(error.next).toMatch(/^Correct d\.yml:11, or see .*: runback doctor --probe --platform crm$/u);
    expect(JSON.stringify([error.message, error.why, error.next, error.data])).not.toMatch(/ann@|555/u);
  });

  it('is refused where it is a page of something else', async () => {
    const { connector } = await platform('{ get: /people, items: data, pages: { by: none } }', () => ({ text: '<html>login</html>' }));
    expect(await refusal(connector)).toContain('not JSON');
  });
});
