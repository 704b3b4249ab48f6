import { createServer, type Server } from 'node:http';

import { assert, asyncProperty, constantFrom, jsonValue, nat } from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { openConnector } from '../../src/connectors/hubspot/index.js';
import type { Connector, CreateMutation, UpdateMutation } from '../../src/connectors/index.js';
import { isRunbackError } from '../../src/lib/index.js';
import type { LinkSchema, ObjectSchema } from '../../src/records/index.js';
import type { PlatformConfig, SecretRef } from '../../src/workspace/index.js';
import { all, SharedClock } from './hubspot-support.js';

/**
 * What the sandbox never does, and HubSpot may: every field of an error is optional there, and answers leave things
 * out.
 */

interface Input {
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly objectWriteTraceId?: string;
}
interface Asked {
  readonly path: string;
  readonly inputs: readonly Input[];
}
type Script = (asked: Asked) => { readonly status: number; readonly body?: unknown };

const schema: ObjectSchema = {
  object: 'contacts',
  keyFields: [],
  createWithKey: false,
  undelete: false,
  sideEffects: [],
  fields: ['firstname', 'phone', 'hs_object_id'].map((name) => ({
    name,
    type: 'string',
    platformType: 'string/text',
    readOnly: name === 'hs_object_id',
  })),
};

let server: Server | undefined;
let connector: Connector | undefined;
afterEach(async () => {
  await connector?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

/** A connector to a server that answers by the script; gives what was asked. */
async function open(script: Script): Promise<{ readonly connector: Connector; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString() || '{}') as { readonly inputs?: readonly Input[] };
      const one: Asked = { path: request.url ?? '', inputs: body.inputs ?? [] };
      asked.push(one);
      const answer = script(one);
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  const config: PlatformConfig = {
    name: 'crm',
    connector: 'hubspot',
    environment: 'sandbox',
    url: `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`,
    credentials: { token: 'env:T' as SecretRef },
    limits: {},
    options: {},
  };
  connector = await openConnector(config, { secret: async () => await Promise.resolve('t'), clock: new SharedClock() });
  return { connector, asked };
}

const update = (key: string, firstname: string): UpdateMutation => ({ action: 'update', schema, key, set: { firstname }, expect: {} });
const create = (firstname: string): CreateMutation => ({ action: 'create', schema, key: 'old', set: { firstname } });
const wire = (id: string, firstname: string | null): unknown => ({ id, properties: { firstname, hs_object_id: id } });

describe('partial failures that name nothing', () => {
  it('finds out which update failed by looking, and sends only those again', async () => {
    const held = new Map([
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
      ['4', 'd'],
    ]);
    const refused = new Set(['2', '3']);
    const { connector: crm, asked } = await open(({ path, inputs }) => {
      if (path.includes('batch/read')) return { status: 200, body: { results: inputs.map(({ id }) => wire(id, held.get(id) ?? null)) } };
      const good = inputs.filter(({ id }) => !refused.has(id));
      for (const { id, properties } of good) held.set(id, properties['firstname'] ?? '');
      const errors = inputs.filter(({ id }) => refused.has(id)).map(({ id }) => ({ status: 'error', message: `went wrong in its own way ${id}` }));
      return {
        status: errors.length > 0 ? 207 : 200,
        body: { results: good.map(({ id }) => wire(id, held.get(id) ?? null)), errors, numErrors: errors.length },
      };
    });
    const results = await crm.write(['1', '2', '3', '4'].map((id) => update(id, `new ${id}`)));
    expect(results).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', message: 'went wrong in its own way 2' },
      { status: 'rejected', message: 'went wrong in its own way 3' },
      { status: 'applied' },
    ]);
    const sent = asked.filter(({ path }) => path.includes('batch/update')).flatMap(({ inputs }) => inputs.map(({ id }) => id));
    expect(sent.filter((id) => id === '1' || id === '4')).toEqual(['1', '4']);
  });

  it('knows a new record by its values where the answer carries no trace id, and by nothing else', async () => {
    const { connector: crm } = await open(({ inputs }) => ({
      status: 201,
      body: { results: inputs.map(({ properties }, n) => wire(`10${String(n)}`, properties['firstname'] ?? null)).reverse() },
    }));
    expect(await crm.write([create('x'), create('y')])).toEqual([
      { status: 'applied', key: '100' },
      { status: 'applied', key: '101' },
    ]);
  });

  it('calls creates in doubt where HubSpot answers success and shows fewer records', async () => {
    const { connector: crm } = await open(() => ({ status: 201, body: { results: [wire('100', 'x')] } }));
    expect(await crm.write([create('x'), create('y')])).toMatchObject([{ status: 'applied', key: '100' }, { status: 'in_doubt' }]);
  });
});

describe('success that is none', () => {
  it('does not call a value written that HubSpot did not take', async () => {
    const { connector: crm } = await open(({ inputs }) => ({ status: 200, body: { results: inputs.map(({ id }) => wire(id, 'unmoved')) } }));
    expect(await crm.write([update('1', 'new')])).toMatchObject([{ status: 'rejected', message: expect.stringContaining('firstname') as string }]);
  });

  it('looks again where the answer does not show the property', async () => {
    const { connector: crm, asked } = await open(({ path, inputs }) => ({
      status: 200,
      body: { results: inputs.map(({ id }) => (path.includes('batch/read') ? wire(id, 'new') : { id, properties: {} })) },
    }));
    expect(await crm.write([update('1', 'new')])).toEqual([{ status: 'applied', key: '1' }]);
    expect(asked).toHaveLength(2);
  });

  it('tells an update that landed on the record it was merged into', async () => {
    const { connector: crm } = await open(({ inputs }) => ({
      status: 200,
      body: { results: inputs.map((input) => ({ ...(wire('99', 'new') as object), objectWriteTraceId: input.objectWriteTraceId })) },
    }));
    expect(await crm.write([update('1', 'new')])).toMatchObject([{ status: 'rejected', reason: 'merged-away' }]);
  });

  it('says that an archived record is still there', async () => {
    const { connector: crm } = await open(({ path, inputs }) =>
      path.includes('archive') && !path.includes('read')
        ? { status: 204 }
        : { status: 200, body: { results: inputs.map(({ id }) => wire(id, 'here')) } },
    );
    expect(await crm.write([{ action: 'delete', schema, key: '1', expect: {} }])).toMatchObject([{ status: 'failed' }]);
  });

  it('reads a link back that an answer of 204 claims to have cut', async () => {
    const link: LinkSchema = { kind: 'HUBSPOT_DEFINED-279', from: 'contacts', to: 'companies' };
    const { connector: crm } = await open(({ path }) =>
      path.includes('labels/archive')
        ? { status: 204 }
        : {
            status: 200,
            body: {
              results: [
                { from: { id: '1' }, to: [{ toObjectId: 2, associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 279, label: null }] }] },
              ],
            },
          },
    );
    const results = await crm.write([
      { action: 'unlink', link, from: '1', to: '2' },
      { action: 'unlink', link, from: '1', to: '3' },
    ]);
    expect(results).toMatchObject([{ status: 'failed' }, { status: 'applied' }]);
  });
});

describe('nonsense', () => {
  it.each([[{}], [[]], [{ results: 'many' }], [{ results: [null] }], [{ results: [{ id: 7 }] }]])(
    'refuses %j as a list of records, for reading and for writing',
    async (body) => {
      const { connector: crm } = await open(() => ({ status: 200, body }));
      await expect(all(crm.read({ schema }))).rejects.toMatchObject({ code: 'platform-nonsense' });
      await expect(all(crm.read({ schema, keys: ['1'] }))).rejects.toMatchObject({ code: 'platform-nonsense' });
      expect(await crm.write([update('1', 'x')])).toMatchObject([{ status: 'in_doubt' }]);
    },
  );

  it('neither reads a list for ever that leads back to itself, nor takes it for the whole list', async () => {
    const { connector: crm, asked } = await open(({ path }) => ({
      status: 200,
      body: { results: [wire('1', 'a')], paging: { next: { after: path.includes('after=1') ? '2' : '1' } } },
    }));
    await expect(all(crm.read({ schema }))).rejects.toMatchObject({ code: 'platform-nonsense' });
    expect(asked).toHaveLength(3);
  });
});

describe('a history that leaves values out', () => {
  it('says that somebody wrote, and not that the property was emptied', async () => {
    const timestamp = '2026-01-01T00:00:00Z';
    const told = { firstname: [{ value: 'x', timestamp }, { timestamp }], phone: [{ value: '', timestamp }] };
    const body = { results: [{ id: '1', properties: { firstname: 'x', hs_object_id: '1' }, propertiesWithHistory: told }] };
    const { connector: crm } = await open(() => ({ status: 200, body }));
    const [batch] = await all(crm.read({ schema, keys: ['1'], history: ['firstname', 'phone'] }));
    const at = '2026-01-01T00:00:00.000Z';
    expect(batch?.history?.get('1')?.fields).toEqual({ firstname: [{ value: 'x', at }, { at }], phone: [{ value: null, at }] });
  });
});

describe('any answer at all', () => {
  const template = {
    status: 'COMPLETE',
    results: [
      {
        id: '1',
        properties: { firstname: 'x', phone: null, hs_object_id: '1' },
        propertiesWithHistory: { firstname: [{ value: 'x', timestamp: '2026-01-01T00:00:00Z' }] },
        createdAt: '2026-01-01T00:00:00Z',
      },
    ],
    paging: { next: { after: 'z' } },
    errors: [
      {
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        message: 'gone [{',
        context: { ids: ['1'] },
        errors: [{ message: 'm', context: { propertyName: ['firstname'] } }],
      },
    ],
    message: 'Property values were not valid: [{"name":"firstname","error":"INVALID_OPTION","message":"x"}]',
    category: 'VALIDATION_ERROR',
  };
  const link: LinkSchema = { kind: 'HUBSPOT_DEFINED-279', from: 'contacts', to: 'companies' };
  const ties = {
    results: [
      {
        from: { id: '1' },
        to: [{ toObjectId: 2, associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 279, label: null }] }],
        paging: { next: { after: '2' } },
      },
    ],
  };

  it('is read or refused with one of our errors, and never taken for a crash', async () => {
    let body: unknown = {};
    let status = 200;
    let asks = 0;
    const { connector: crm } = await open(() => {
      asks += 1;
      // However often it is asked, it must come to an end.
      return asks > 40 ? { status: 400, body: {} } : { status, body };
    });
    const attempt = async (work: () => Promise<unknown>): Promise<void> => {
      asks = 0;
      const error: unknown = await work().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !isRunbackError(error)) throw error;
      expect(asks).toBeLessThanOrEqual(45);
    };
    await assert(
      asyncProperty(
        constantFrom(template, ties),
        nat(),
        jsonValue(),
        constantFrom(200, 201, 207, 400, 403, 404, 409),
        async (whole, at, junk, given) => {
          body = withJunk(whole, at, junk);
          status = given;
          await attempt(async () => await all(crm.read({ schema })));
          await attempt(async () => await all(crm.read({ schema, keys: ['1', '2'], history: ['firstname'] })));
          await attempt(async () => await all(crm.readLinks({ link, fromKeys: ['1'], toKeys: ['2'] })));
          await attempt(async () => await crm.describe(['contacts', 'things']));
          await attempt(async () => await crm.write([update('1', 'x'), update('2', 'x')]));
          await attempt(async () => await crm.write([create('x'), { ...create('x'), key: '2' }]));
          await attempt(async () => await crm.write([{ action: 'link', link, from: '1', to: '2' }]));
        },
      ),
      { numRuns: 40, seed: 20260101 },
    );
  });
});

/** The value with the node that comes `at` (counted around) replaced by something else. */
function withJunk(whole: unknown, at: number, junk: unknown): unknown {
  const places: (readonly (string | number)[])[] = [];
  const walk = (value: unknown, path: readonly (string | number)[]): void => {
    places.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, item] of Object.entries(value)) walk(item, [...path, name]);
  };
  walk(whole, []);
  const place = places[at % places.length] ?? [];
  const copy = { root: structuredClone(whole) } as Record<string, unknown>;
  let node = copy;
  let name: string | number = 'root';
  for (const part of place) {
    node = node[name] as Record<string, unknown>;
    name = part;
  }
  node[name] = junk;
  return copy['root'];
}
