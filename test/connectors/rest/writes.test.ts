import { describe, expect, it } from 'vitest';

import type { UpdateMutation } from '../../../src/connectors/index.js';
import { isRunbackError } from '../../../src/lib/index.js';
import type { ObjectSchema } from '../../../src/records/index.js';
import { all, descriptionOf, opened, type Says, schemaOf, type Seen, startServer, useWorkspace } from './support.js';

/** A user would be told that something was written that was not, or would have it written twice. */

const { folder, open, write } = useWorkspace();

const LIST = '{ get: /people, items: data, pages: { by: none } }';
const UPDATE = 'update: { patch: "/people/{key}", body: "{fields}" }';

/** A table of names by id, with the plain requests; `special` may answer first. */
async function platform(more: string, special: (seen: Seen, table: Map<number, string | null>) => Says | undefined, top = '') {
  const table = new Map<number, string | null>([1, 2, 3].map((id) => [id, `P${String(id)}`]));
  const server = await startServer((seen) => {
    const own = special(seen, table);
    if (own !== undefined) return own;
    const id = Number(/^\/people\/(-?\d+)$/u.exec(seen.path)?.[1]);
    if (seen.path === '/me') return { body: { id: 'acc' } };
    if (seen.path === '/people') return { body: { data: [...table].map(([key, name]) => ({ id: key, name })) } };
    if (!table.has(id)) return { status: 404, body: { code: 'none' } };
    if (seen.method === 'PATCH') table.set(id, (seen.body as { readonly name: string | null }).name);
    if (seen.method === 'DELETE') table.delete(id);
    return seen.method === 'GET' ? { body: { id, name: table.get(id) } } : { status: 204 };
  });
  open.push(server);
  await write(descriptionOf({ list: LIST, more, top }));
  const connector = await opened(server.url, folder());
  open.push(connector);
  return { connector, schema: await schemaOf(connector), seen: server.seen, table };
}

const updateOf = (schema: ObjectSchema, key: string, name: string | null, was: string | null = `P${key}`): UpdateMutation => ({
  action: 'update',
  schema,
  key,
  set: { name },
  expect: { name: was },
});
const ERRORS = 'errors: { code: code, message: message, reasons: { dup: unique-taken }, later: [busy], absent: [hidden] }';

describe('updates', () => {
  it('whose answer shows nothing are read, and counted as done only where they are', async () => {
    const { connector, schema, table } = await platform(UPDATE, ({ method, path }) =>
      method === 'PATCH' && path === '/people/2' ? { status: 200, body: {} } : undefined,
    );
    const results = await connector.write([updateOf(schema, '1', 'new'), updateOf(schema, '2', 'new'), updateOf(schema, '9', 'new')]);
    expect(results).toMatchObject([
      { status: 'applied', key: '1', record: { fields: { name: 'new' } } },
      { status: 'rejected', reason: 'rejected' },
      { status: 'rejected', reason: 'deleted-later' },
    ]);
    expect(table.get(2)).toBe('P2');
  });

  it('that the platform puts into a form of its own are done, and come as they are', async () => {
    const { connector, schema } = await platform(UPDATE, ({ method, path }, table) => {
      if (method !== 'PATCH' || path !== '/people/1') return undefined;
      table.set(1, 'NEW');
      return { status: 204 };
    });
    expect(await connector.write([updateOf(schema, '1', 'new')])).toMatchObject([{ status: 'applied', record: { fields: { name: 'NEW' } } }]);
  });

  it('that were answered with success are in doubt where they cannot be read again', async () => {
    let written = 0;
    const { connector, schema } = await platform(`${UPDATE}\n    delete: { delete: "/people/{key}" }`, ({ method }) => {
      if (method !== 'GET') written += 1;
      return method === 'GET' && written > 0 ? { cut: true } : undefined;
    });
    expect(await connector.write([updateOf(schema, '1', 'new')])).toMatchObject([{ status: 'in_doubt' }]);
    expect(await connector.write([{ action: 'delete', schema, key: '2', expect: {} }])).toMatchObject([{ status: 'in_doubt' }]);
    expect(written).toBe(2);
  });

  it('that are lost are in doubt, and sent once', async () => {
    const { connector, schema, seen } = await platform(UPDATE, ({ method }) => (method === 'PATCH' ? { cut: true } : undefined));
    expect(await connector.write([updateOf(schema, '1', 'new')])).toMatchObject([{ status: 'in_doubt' }]);
    expect(seen.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  it('of which one is busy wait, and are not lost', async () => {
    let tries = 0;
    const more =
      'update: { post: /bulk, body: [{ each: { id: "{key}", set: "{fields}" } }], most: 10, answer: { each: ".", error: code, message: message } }';
    const { connector, schema, table } = await platform(
      more,
      ({ path, body }, names) => {
        if (path !== '/bulk') return undefined;
        tries += 1;
        return {
          body: (body as { id: number; set: { name: string } }[]).map(({ id, set }) => {
            if (id === 2 && tries === 1) return { code: 'busy' };
            if (id === 3) return { code: 'dup', message: 'taken' };
            names.set(id, set.name);
            return {};
          }),
        };
      },
      ERRORS,
    );
    const results = await connector.write(['1', '2', '3'].map((key) => updateOf(schema, key, `new ${key}`)));
    expect(results).toMatchObject([{ status: 'applied' }, { status: 'applied' }, { status: 'rejected', reason: 'unique-taken', message: 'taken' }]);
    expect([...table.values()]).toEqual(['new 1', 'new 2', 'P3']);
  });

  it('of which the answer has too few results are read, not guessed', async () => {
    const more = 'update: { post: /bulk, body: [{ each: { id: "{key}", set: "{fields}" } }], most: 10, answer: { each: ".", error: code } }';
    const { connector, schema } = await platform(more, ({ path, body }, names) => {
      if (path !== '/bulk') return undefined;
      const [, ...rest] = body as { id: number; set: { name: string } }[];
      for (const { id, set } of rest) names.set(id, set.name);
      return { body: rest.map(() => ({})) };
    });
    const results = await connector.write(['1', '2', '3'].map((key) => updateOf(schema, key, `new ${key}`)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'applied', 'applied']);
  });

  it('that must not be done stop the restore, and those of records that are gone do not', async () => {
    const { connector, schema } = await platform(
      UPDATE,
      ({ method, path }, table) =>
        method === 'PATCH' && (path === '/people/1' || !table.has(Number(path.slice(8)))) ? { status: 403, body: { code: 'hidden' } } : undefined,
      ERRORS,
    );
    expect(await connector.write([updateOf(schema, '9', 'new')])).toMatchObject([{ status: 'rejected', reason: 'deleted-later' }]);
    const error: unknown = await connector.write([updateOf(schema, '1', 'new')]).catch((thrown: unknown) => thrown);
    expect(isRunbackError(error, 'scope-missing')).toBe(true);
  });

  it('are not sent where the file says no way', async () => {
    const { connector, schema, seen } = await platform('', () => undefined);
    expect(await connector.write([updateOf(schema, '1', 'new')])).toMatchObject([
      { status: 'rejected', message: expect.stringContaining('does not say how people are changed') as string },
    ]);
    expect(seen.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('go to no other path, whatever a key holds', async () => {
    const { connector, schema, seen } = await platform(UPDATE, () => undefined);
    for (const key of ['../me', '..', '', '1/../2', '1?x=1', '99999999999999999999']) {
      expect(await connector.write([updateOf(schema, key, 'new')])).toMatchObject([{ status: 'rejected', reason: 'deleted-later' }]);
      expect(await all(connector.read({ schema, keys: [key] }))).toEqual([]);
    }
    expect(seen).toEqual([]);
  });
});

it('a field inside of a group is not written where the rest of the group may be lost', async () => {
  await write(descriptionOf({ list: LIST, more: UPDATE }).replace('name: { type: string }', 'name: { type: string, at: who.name }'));
  const error: unknown = await opened('http://127.0.0.1:1', folder()).catch((thrown: unknown) => thrown);
  expect(isRunbackError(error, 'file-invalid')).toBe(true);
  expect(String(error)).toMatch(/d\.yml:\d+:\d+: a write of who\.name may replace all of the group/u);
});

describe('deletes', () => {
  const DELETE = 'delete: { delete: "/people/{key}" }';

  it('that are answered with success and not done are no success', async () => {
    const { connector, schema, table } = await platform(DELETE, ({ method, path }) =>
      method === 'DELETE' && path === '/people/2' ? { status: 204 } : undefined,
    );
    const results = await connector.write(['1', '2'].map((key) => ({ action: 'delete', schema, key, expect: {} })));
    expect(results).toMatchObject([{ status: 'applied', key: '1' }, { status: 'failed' }]);
    expect([...table.keys()]).toEqual([2, 3]);
  });
});

describe('creates', () => {
  const more = 'create: { post: /people, body: { items: [{ each: "{fields}" }] }, most: 5, answer: { keys: ids } }';

  it('whose answer names too few are in doubt, and what cannot be told is unknown', async () => {
    const { connector, schema } = await platform(more, ({ method, path }) =>
      method === 'POST' && path === '/people' ? { status: 201, body: { ids: [7] } } : undefined,
    );
    const creates = ['a', 'b'].map((name) => ({ action: 'create' as const, schema, key: '0', set: { name } }));
    expect((await connector.write(creates)).map(({ status }) => status)).toEqual(['in_doubt', 'in_doubt']);
    expect(await connector.findCreated(creates, new Date())).toEqual([{ state: 'unknown' }, { state: 'unknown' }]);
  });

  it('whose answer is not as described are in doubt', async () => {
    const { connector, schema } = await platform(more, ({ method, path }) =>
      method === 'POST' && path === '/people' ? { status: 201, body: { ok: true } } : undefined,
    );
    expect(await connector.write([{ action: 'create', schema, key: '0', set: { name: 'a' } }])).toMatchObject([{ status: 'in_doubt' }]);
  });
});
