import { rejection } from '../../src/connectors/http/batch.js';
import { type LookingUp, waitUntilSettled } from '../../src/connectors/http/settled.js';
import { unknownObject } from '../../src/connectors/http/words.js';
import { byAction, type Connector } from '../../src/connectors/index.js';
import type { FieldSchema, LinkSchema, ObjectSchema } from '../../src/records/index.js';
import { MOST, readAll, readKeys, readLinks } from './read.js';
import { isObject, mailerApi } from './wire.js';
import { create, findCreated, remove, update, writeLinks } from './write.js';

const THINGS = ['lists', 'subscribers'] as const;
const LINK: LinkSchema = { kind: 'member', from: 'subscribers', to: 'lists' };

/** Postbird (`vendor.md`) as a connector. */
export function mailerConnector(settings: Parameters<typeof mailerApi>[0]): Connector {
  const api = mailerApi(settings);
  return {
    kind: 'postbird',
    capabilities: {
      consistentRead: false,
      // By ascending numbers, which is not the order of texts.
      ordered: false,
      conditionalWrite: false,
      history: 'none',
      batch: { read: MOST, history: MOST, update: MOST, create: MOST, delete: 10, undelete: MOST, link: MOST, unlink: MOST },
      census: true,
    },
    async identify(call = {}) {
      const body = (await api.get('/v2/account', isObject, call)) as { readonly id: number; readonly name: string };
      const account = String(body.id);
      return { account, label: `Postbird account ${body.name}`, environment: undefined, scopes: undefined, address: new URL(settings.url).host };
    },
    async describe(objects = THINGS, call = {}) {
      for (const object of objects) if (!THINGS.some((name) => name === object)) throw unknownObject(api.words, object, THINGS);
      const fields = (await api.get('/v2/fields', isObject, call)) as Readonly<Record<string, readonly Told[]>>;
      const there = THINGS.filter((name) => objects.includes(name)).map((name) => describe(name, fields[name] ?? []));
      return { objects: there, links: there.length === THINGS.length ? [LINK] : [] };
    },
    // It cannot say what changed since: all of it is at least that.
    read: ({ schema, keys }, call = {}) => (keys ? readKeys(api, schema, keys, call) : readAll(api, schema, call)),
    readLinks: (request, call = {}) => readLinks(api, request, call),
    async write(mutations, call = {}) {
      const batch = byAction(mutations);
      if (batch === undefined) return [];
      switch (batch.action) {
        case 'update':
          return await update(api, batch.mutations, call);
        case 'create':
          return await create(api, batch.mutations, call);
        case 'delete':
          return await remove(api, batch.mutations, call);
        case 'undelete':
          return mutations.map(() => rejection('irreversible', 'Postbird brings nothing back'));
        case 'link':
        case 'unlink':
          return await writeLinks(api, batch.mutations, call);
      }
    },
    findCreated: async (mutations, since, call: LookingUp = {}) => await findCreated(api, mutations, since, call),
    settled: async (sentAt, call = {}) => await waitUntilSettled(api, sentAt, call),
    usage: () => api.usage(),
    now: () => api.now(),
    aheadMs: () => api.aheadMs(),
    close: async () => await api.close(),
  };
}

interface Told {
  readonly name: string;
  readonly type: string;
  readonly writable: boolean;
}

function describe(object: string, told: readonly Told[]): ObjectSchema {
  const fields = told.map(({ name, type, writable }): FieldSchema => ({
    name,
    type: type === 'choice' ? 'enum' : type === 'time' ? 'datetime' : type === 'number' ? 'integer' : 'string',
    platformType: type,
    readOnly: !writable,
    ...(name === 'email' ? { unique: true } : {}),
    ...(name === 'consent' ? { options: ['subscribed', 'unsubscribed'], optedOut: ['unsubscribed'] } : {}),
  }));
  return { object, keyFields: [], fields, createWithKey: false, undelete: false, sideEffects: [] };
}
