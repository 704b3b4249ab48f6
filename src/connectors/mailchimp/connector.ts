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
  Lack,
  MutationResult,
  NeverAgain,
  PlatformSchema,
  ReadRequest,
} from '../connector.js';
import { rejection } from '../http/batch.js';
import { type LookingUp, waitUntilSettled, whenSettled } from '../http/settled.js';
import { unknownObject } from '../http/words.js';
import { INTERESTS, PERMISSIONS } from './describe/fields.js';
import { audienceOf, LISTS } from './describe/names.js';
import { describe, type Described } from './describe/schema.js';
import { notMade, readLists, updateLists } from './lists.js';
import { count } from './read/count.js';
import { forgotten, readByKeys } from './read/keys.js';
import { readMembers, tellsChanges } from './read/members.js';
import { type Session, sessionOf } from './read/session.js';
import { type ApiSettings, MailchimpApi } from './wire/api.js';
import { isObject, textIn } from './wire/shapes.js';
import { archiveMembers } from './write/archive.js';
import { createMembers } from './write/create.js';
import { findCreated } from './write/found.js';
import { MOST } from './write/many.js';
import { updateMembers } from './write/update.js';

/** Keys of one read: as many as two pages hold, since many keys are read by pages of the whole audience. */
const KEYS = 2000;
/** Requests of one call, where each record is a request of its own. */
const SINGLES = 50;
/** How long a description counts as fresh: a run asks for it at each of its steps. */
const DESCRIBED_FOR_MS = 60_000;

const CAPABILITIES: Capabilities = {
  consistentRead: false,
  ordered: false,
  conditionalWrite: false,
  // Only when a member was changed last is told, not by whom.
  history: 'none',
  batch: { read: KEYS, history: MOST, update: MOST, create: MOST, delete: SINGLES, undelete: 1, link: 1, unlink: 1 },
  census: true,
};

/** Mailchimp as a connector: the members of each audience, and the audiences. */
export class MailchimpConnector implements Connector {
  readonly kind = 'mailchimp';
  readonly capabilities = CAPABILITIES;
  readonly #api: MailchimpApi;
  readonly #settings: ApiSettings;
  readonly #sessions = new Map<string, Session>();
  readonly #described = new Map<string, { readonly of: Described; readonly atMs: number }>();

  constructor(settings: ApiSettings) {
    this.#settings = settings;
    this.#api = new MailchimpApi(settings);
  }

  /** Mailchimp has no accounts for tests, so that nothing says which environment this is. */
  async identify(call: CallOptions = {}): Promise<Identity> {
    const body = await this.#api.get('/3.0/?fields=account_id,account_name', (told) => textIn(told, 'account_id') !== undefined, call);
    const [account = '', name = ''] = isObject(body) ? [textIn(body, 'account_id'), textIn(body, 'account_name')] : [];
    const label = `Mailchimp account ${account}${name === '' ? '' : ` (${name})`}`;
    return { account, label, environment: undefined, scopes: undefined, address: new URL(this.#settings.url).host };
  }

  /** By the role of the user whose key it is: a viewer reads, and an author writes campaigns only [?]. */
  async lacks(schemas: readonly ObjectSchema[], call: CallOptions = {}): Promise<readonly Lack[]> {
    const body = await this.#api.get('/3.0/?fields=role', isObject, call);
    const role = isObject(body) ? textIn(body, 'role') : undefined;
    if (role !== 'viewer' && role !== 'author') return [];
    const why = `the user of the key has the role ${role}`;
    return schemas.flatMap(({ object }) => (['update', 'create', 'delete'] as const).map((may): Lack => ({ object, may, why })));
  }

  async describe(objects: readonly string[] | undefined, call: CallOptions = {}): Promise<PlatformSchema> {
    return (await this.#describe(objects, call)).schema;
  }

  async optionLabels(object: string, call: CallOptions = {}): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    const audience = (await this.#describe([object], call)).audiences.get(object);
    const labels = [
      [INTERESTS, audience?.interests],
      [PERMISSIONS, audience?.permissions],
    ] as const;
    return new Map(labels.flatMap(([field, of]) => (of === undefined || of.size === 0 ? [] : [[field, of] as const])));
  }

  read({ schema, keys, changedSince }: ReadRequest, call: CallOptions = {}): ReturnType<Connector['read']> {
    if (schema.object === LISTS) return readLists(this.#api, schema, keys, call);
    const session = this.#sessionOf(schema);
    if (keys !== undefined) return readByKeys(session, schema, keys, call);
    return readMembers(session, schema, call, tellsChanges(schema) ? changedSince : undefined);
  }

  async count(request: CountRequest, call: CallOptions = {}): Promise<number | undefined> {
    return request.schema.object === LISTS ? undefined : await count(this.#sessionOf(request.schema), request, call);
  }

  async *readLinks(): AsyncGenerator<never> {
    // No object types of Mailchimp are linked: tags and groups are fields.
  }

  async write(mutations: Batch, call: CallOptions = {}): Promise<readonly MutationResult[]> {
    const batch = byAction(mutations);
    if (batch === undefined) return [];
    switch (batch.action) {
      case 'update':
        return batch.first.schema.object === LISTS
          ? await updateLists(this.#api, batch.mutations, call)
          : await updateMembers(this.#sessionOf(batch.first.schema), batch.mutations, call);
      case 'create':
        return batch.first.schema.object === LISTS
          ? notMade(mutations)
          : await createMembers(this.#sessionOf(batch.first.schema), batch.mutations, call);
      case 'delete':
        return batch.first.schema.object === LISTS
          ? notMade(mutations)
          : await archiveMembers(this.#sessionOf(batch.first.schema), batch.mutations, call);
      case 'undelete':
        return mutations.map(() => rejection('irreversible', 'Members come back from the archive with a status, by being created again'));
      case 'link':
      case 'unlink':
        return mutations.map(() => rejection('read-only', 'Mailchimp keeps tags and groups in fields'));
    }
  }

  async settled(sentAt: Date | undefined, call: CallOptions = {}): Promise<boolean> {
    return await waitUntilSettled(this.#api, sentAt, call);
  }

  async findCreated(mutations: readonly CreateMutation[], since: Date, call: LookingUp = {}): Promise<readonly CreatedLookup[]> {
    const [first] = mutations;
    if (first === undefined) return [];
    const session = this.#sessionOf(first.schema);
    return await whenSettled(this.#api, async () => await findCreated(session, mutations, since, call), call.lastSentAt ?? since, call);
  }

  /** Who was deleted permanently is not added again by a program: "Forgotten Email Not Subscribed". */
  async neverAgain(schema: ObjectSchema, keys: readonly string[], call: CallOptions = {}): Promise<ReadonlyMap<string, NeverAgain>> {
    const why = 'It was deleted permanently, and Mailchimp lets no program add it again: the person has to, with a form of Mailchimp.';
    const gone = schema.object === LISTS ? new Set(keys) : await forgotten(this.#sessionOf(schema), keys, call);
    return new Map([...gone].map((key) => [key, { why: schema.object === LISTS ? 'An audience that was deleted does not come back.' : why }]));
  }

  settingsMayHaveChanged(): void {
    this.#described.clear();
  }

  usage(): ReturnType<Connector['usage']> {
    return this.#api.usage();
  }

  pace(): ReturnType<NonNullable<Connector['pace']>> {
    return this.#api.pace();
  }

  now(): Date | undefined {
    return this.#api.now();
  }

  aheadMs(): number | undefined {
    return this.#api.aheadMs();
  }

  async close(): Promise<void> {
    await this.#api.close();
  }

  async #describe(objects: readonly string[] | undefined, call: CallOptions): Promise<Described> {
    const wanted = objects?.join(' ') ?? '';
    const nowMs = this.#settings.clock.monotonicMs();
    const known = this.#described.get(wanted);
    if (known !== undefined && nowMs - known.atMs < DESCRIBED_FOR_MS) return known.of;
    const of = await describe(this.#api, objects, call);
    this.#described.set(wanted, { of, atMs: nowMs });
    return of;
  }

  #sessionOf({ object }: Pick<ObjectSchema, 'object'>): Session {
    const known = this.#sessions.get(object);
    if (known !== undefined) return known;
    const audience = audienceOf(object);
    if (audience === undefined) throw unknownObject(this.#api.words, object, [LISTS]);
    const session = sessionOf(this.#api, audience);
    this.#sessions.set(object, session);
    return session;
  }
}
