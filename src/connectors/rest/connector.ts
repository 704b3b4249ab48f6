import type { CallOptions } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import { byAction } from '../batches.js';
import type {
  Batch,
  Capabilities,
  Connector,
  CountRequest,
  CreatedLookup,
  CreateMutation,
  Identity,
  MutationResult,
  PlatformSchema,
  Probe,
  ReadLinksRequest,
  ReadRequest,
  WriteOptions,
} from '../connector.js';
import { rejection } from '../http/batch.js';
import { type LookingUp, waitUntilSettled } from '../http/settled.js';
import { unknownObject } from '../http/words.js';
import { parentsFirst } from '../parents-first.js';
import type { ListDescription, WriteDescription } from './description/form.js';
import type { Described } from './description/load.js';
import { probeType } from './probe/probe.js';
import { canCount, Counting } from './read/count.js';
import { readAll, readKeys, readLinks } from './read/read.js';
import type { Type } from './read/record.js';
import { linksOf, schemaOf } from './schema.js';
import type { RestApi } from './wire/api.js';
import { wordAt } from './wire/paths.js';
import { findCreated } from './write/created.js';
import { create, remove, update } from './write/write.js';

/** Writes of one call, where each is a request of its own. */
const SINGLES = 20;

/**
 * Whether a list that came to its end is known to be whole: pages by number can lose what moves between them, and a page of
 * whatever size the platform likes may be all that it gives. A total settles it.
 */
function isCensus({ pages, query, total }: ListDescription): boolean {
  if (total !== undefined || pages.by === 'offset' || pages.by === 'key') return true;
  return (pages.by === 'cursor' || pages.by === 'link') && Object.values(query ?? {}).includes('{limit}');
}

/** A platform that a description tells all about (`docs/rest.md`). */
export class RestConnector implements Connector {
  readonly kind = 'rest';
  readonly capabilities: Capabilities;
  readonly count?: NonNullable<Connector['count']>;
  readonly #types: ReadonlyMap<string, Type>;

  constructor(
    private readonly api: RestApi,
    { says, placeOf }: Described,
    private readonly closeSession: () => Promise<void> = async () => await Promise.resolve(),
  ) {
    this.#types = new Map(Object.entries(says.objects).map(([object, of]) => [object, { api, object, of, placeOf }]));
    const all = Object.values(says.objects);
    const counting = new Counting();
    if (all.some(canCount))
      this.count = async (request: CountRequest, call: CallOptions = {}) => await counting.count(this.#typeOfAll([request]), request, call);
    const most = (sizes: readonly (number | undefined)[]): number => Math.max(1, ...sizes.map((size) => (size === 1 ? SINGLES : (size ?? 1))));
    const largest = (write: (of: (typeof all)[number]) => WriteDescription | undefined): number => most(all.map((of) => write(of)?.most));
    const read = most(all.map((of) => of.read.most));
    this.capabilities = {
      consistentRead: false,
      ordered: false,
      conditionalWrite: false,
      history: all.length > 0 && all.every(({ modified }) => modified?.by !== undefined) ? 'record' : 'none',
      batch: {
        read,
        history: read,
        update: largest(({ update: how }) => how),
        create: largest(({ create: how }) => how),
        delete: largest(({ delete: how }) => how),
        undelete: 1,
        link: 1,
        unlink: 1,
      },
      census: all.every(({ list }) => isCensus(list)),
    };
  }

  async identify(call: CallOptions = {}): Promise<Identity> {
    const { says, origin } = this.api;
    const { host } = new URL(origin);
    const body = await this.api.get(this.api.signed(says.account.get), () => true, call);
    const account = says.account.id === undefined ? host : wordAt(body, says.account.id);
    if (account === undefined || account === '') throw this.api.nonsense(`it has no account at ${says.account.id ?? ''}`);
    const label = wordAt(body, says.account.label) ?? says.name;
    // Other services that are told about by files may number their accounts from 1 too.
    const within = says.account.id === undefined ? {} : { within: host };
    return { account, ...within, label, environment: undefined, scopes: undefined, address: host };
  }

  async describe(objects: readonly string[] | undefined, call: CallOptions = {}): Promise<PlatformSchema> {
    call.signal?.throwIfAborted();
    const known = [...this.#types.keys()];
    for (const object of objects ?? []) if (!this.#types.has(object)) throw unknownObject(this.api.words, object, known);
    const wanted = known.filter((object) => objects === undefined || objects.includes(object));
    const { says } = this.api;
    const of = (object: string): Type['of'][] => (says.objects[object] === undefined ? [] : [says.objects[object]]);
    const links = wanted.flatMap((object) => of(object).flatMap((one) => linksOf(object, one))).filter(({ to }) => wanted.includes(to));
    return await Promise.resolve({ objects: parentsFirst(wanted, links).flatMap((object) => of(object).map((one) => schemaOf(object, one))), links });
  }

  read({ schema, keys, changedSince, history }: ReadRequest, call: CallOptions = {}): ReturnType<Connector['read']> {
    const type = this.#typeOfAll([{ schema }]);
    return keys === undefined ? readAll(type, changedSince, call) : readKeys(type, keys, history, call);
  }

  readLinks(request: ReadLinksRequest, call: CallOptions = {}): ReturnType<Connector['readLinks']> {
    return readLinks(this.#typeOf(request.link.from), request.link, request, call);
  }

  async write(mutations: Batch, call: WriteOptions = {}): Promise<readonly MutationResult[]> {
    const batch = byAction(mutations);
    if (batch === undefined) return [];
    switch (batch.action) {
      case 'update':
        return await update(this.#typeOfAll(batch.mutations), batch.mutations, call);
      case 'create':
        return await create(this.#typeOfAll(batch.mutations), batch.mutations, call);
      case 'delete':
        return await remove(this.#typeOfAll(batch.mutations), batch.mutations, call);
      case 'undelete':
        return mutations.map(() => rejection('irreversible', `The description of ${this.api.words.name} knows no way to bring a record back`));
      case 'link':
      case 'unlink':
        return mutations.map(() => rejection('read-only', `Links of ${this.api.words.name} are kept in fields`));
    }
  }

  async findCreated(mutations: readonly CreateMutation[], since: Date, call: LookingUp = {}): Promise<readonly CreatedLookup[]> {
    return mutations.length === 0 ? [] : await findCreated(this.#typeOfAll(mutations), mutations, since, call);
  }

  async settled(sentAt: Date | undefined, call: CallOptions = {}): Promise<boolean> {
    return await waitUntilSettled(this.api, sentAt, call);
  }

  async *probe(objects: readonly string[] | undefined, call: CallOptions = {}): AsyncGenerator<Probe> {
    for (const object of objects ?? this.#types.keys()) yield* probeType(this.#typeOf(object), call);
  }

  pageOf(object: string): string | undefined {
    const page = this.api.says.objects[object]?.page;
    return page === undefined ? undefined : this.api.origin + page;
  }

  usage(): ReturnType<Connector['usage']> {
    return this.api.usage();
  }

  pace(): ReturnType<NonNullable<Connector['pace']>> {
    return this.api.pace();
  }

  now(): Date | undefined {
    return this.api.now();
  }

  aheadMs(): number | undefined {
    return this.api.aheadMs();
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.closeSession();
  }

  #typeOf(object: string): Type {
    const type = this.#types.get(object);
    if (type === undefined) throw unknownObject(this.api.words, object, [...this.#types.keys()]);
    return type;
  }

  #typeOfAll(mutations: readonly { readonly schema: ObjectSchema }[]): Type {
    const [first] = mutations;
    const type = this.#typeOf(first?.schema.object ?? '');
    return first === undefined ? type : { ...type, fields: new Set(first.schema.fields.map(({ name }) => name)) };
  }
}
