import { type CallOptions, isRunbackError } from '../../lib/index.js';
import type { Link, ObjectSchema } from '../../records/index.js';
import { byAction } from '../batches.js';
import type {
  Batch,
  BetweenRequest,
  BetweenSample,
  Capabilities,
  ChangeBatch,
  ChangesRequest,
  Connector,
  CountRequest,
  CreatedLookup,
  CreateMutation,
  DailyQuota,
  Identity,
  Lack,
  ListMembership,
  MergedAway,
  MutationResult,
  NeverAgain,
  PlatformSchema,
  ReadLinksRequest,
  ReadRequest,
  RecordBatch,
  SideEffects,
  SideEffectsRequest,
  Usage,
  WrittenBatch,
  WrittenRequest,
} from '../connector.js';
import { rejection } from '../http/batch.js';
import { type LookingUp, waitUntilSettled, whenSettled } from '../http/settled.js';
import type { Setting, SettingArea } from '../settings.js';
import { accountSettings, objectSettings, TOLD_SETTINGS } from './describe/account-settings.js';
import { labelsOf } from './describe/fields.js';
import { lacksOf, seesAllData } from './describe/permissions.js';
import { describe, type Described, oneObject, ordinaryNames } from './describe/schema.js';
import { identify } from './identify.js';
import { readAll } from './read/all.js';
import { changedSince } from './read/changed.js';
import { readChanges } from './read/changes.js';
import { count } from './read/count.js';
import { deletionsOf } from './read/deletions.js';
import { fatesOf } from './read/fates.js';
import { HISTORY_BATCH, historiesOf, lastWritesOf } from './read/history.js';
import { type Asked, READ_BATCH, readKeys } from './read/keys.js';
import { readLinks } from './read/links.js';
import { campaignsOf } from './read/lists.js';
import { mergedAway } from './read/merged.js';
import { sideEffects } from './read/side-effects.js';
import { Writers } from './read/writers.js';
import { writtenBetween, writtenSince } from './read/written.js';
import { SalesforceApi, type SalesforceSettings } from './wire/api.js';
import { quotaIn } from './wire/limits.js';
import { isObject, type WireObject } from './wire/shapes.js';
import { WRITE_BATCH } from './write/collection.js';
import { findCreated } from './write/created.js';
import { notAgain, perhapsHidden, WHY_HIDDEN } from './write/hidden.js';
import { undeleteRecords } from './write/undelete.js';
import { createRecords, deleteRecords, updateRecords } from './write/write.js';

/** Without `history`, which a setting decides. */
const CAPABILITIES: Omit<Capabilities, 'history'> = {
  consistentRead: false,
  ordered: false,
  conditionalWrite: false,
  batch: {
    read: READ_BATCH,
    history: HISTORY_BATCH,
    update: WRITE_BATCH,
    create: WRITE_BATCH,
    delete: WRITE_BATCH,
    undelete: WRITE_BATCH,
    link: 1,
    unlink: 1,
  },
  census: true,
  tellsDeletions: true,
  settings: TOLD_SETTINGS,
};

/** How long a description counts as fresh: a run asks for it at each of its steps. */
const DESCRIBED_FOR_MS = 60_000;
/** How often it is looked for a record that may still come. */
const LOOK_EVERY_MS = 10_000;

/** Settings of the driver. */
export interface ConnectorSettings extends SalesforceSettings {
  /** Who wrote each field, where its history is kept; or only who wrote the record last. */
  readonly history: 'field' | 'record';
  /** Whether jobs of Bulk API 2.0 may be made where that takes fewer calls. */
  readonly mayUseJobs: boolean;
}

/** What is kept of a field is told whole: what stood there before the oldest entry is told too. */
const ALL_CHANGES = Number.MAX_SAFE_INTEGER;

/** Salesforce as a connector. */
export class SalesforceConnector implements Connector {
  readonly kind = 'salesforce';
  readonly capabilities: Capabilities;
  readonly #api: SalesforceApi;
  readonly #settings: ConnectorSettings;
  readonly #writers: Writers;
  #user: string | undefined;
  /** Whether the user has View All Data, once it was asked. */
  #seesAll: boolean | undefined;
  readonly #wires = new Map<string, WireObject>();
  readonly #described = new Map<string, Described & { readonly atMs: number }>();

  constructor(settings: ConnectorSettings) {
    this.#settings = settings;
    this.#api = new SalesforceApi(settings);
    this.#writers = new Writers(this.#api);
    this.capabilities = { ...CAPABILITIES, history: settings.history };
  }

  async identify(call: CallOptions = {}): Promise<Identity> {
    const { identity, user } = await identify(this.#api, this.#settings.url, call);
    this.#user = user;
    return identity;
  }

  async describe(objects: readonly string[] | undefined, call: CallOptions = {}): Promise<PlatformSchema> {
    const wanted = objects?.join(' ') ?? '';
    const nowMs = this.#settings.clock.monotonicMs();
    const known = this.#described.get(wanted);
    if (known !== undefined && nowMs - known.atMs < DESCRIBED_FOR_MS) return known.schema;
    const described = await describe(this.#api, objects, call);
    this.#described.set(wanted, { ...described, atMs: nowMs });
    return described.schema;
  }

  async objectTypes(call: CallOptions = {}): Promise<readonly string[]> {
    return await ordinaryNames(this.#api, call);
  }

  async referrers(object: string, call: CallOptions = {}): Promise<readonly string[]> {
    const { childRelationships = [] } = await this.#wireOf(object, call);
    const children = new Set(childRelationships.map(({ childSObject }) => childSObject));
    return (await ordinaryNames(this.#api, call)).filter((name) => children.has(name));
  }

  async lacks(schemas: readonly ObjectSchema[], call: CallOptions = {}): Promise<readonly Lack[]> {
    const wires: WireObject[] = [];
    for (const { object } of schemas) wires.push(await this.#wireOf(object, call));
    return await lacksOf(this.#api, wires, call);
  }

  async optionLabels(object: string, call: CallOptions = {}): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    return labelsOf(await this.#wireOf(object, call));
  }

  async listsOf({ object }: ObjectSchema, key: string, call: CallOptions = {}): Promise<readonly ListMembership[] | undefined> {
    return await campaignsOf(this.#api, object, key, call);
  }

  async settings(area: SettingArea, schema: ObjectSchema | undefined, call: CallOptions = {}): Promise<readonly Setting[]> {
    return schema === undefined ? await accountSettings(this.#api, area, call) : objectSettings(area, await this.#wireOf(schema.object, call));
  }

  async *read({ schema, keys, changedSince: since, history }: ReadRequest, call: CallOptions = {}): AsyncIterable<RecordBatch> {
    const of = await this.#asked(schema, call);
    if (keys !== undefined && history !== undefined) return yield* this.#withHistory(of, keys, history, call);
    if (keys !== undefined) return yield* readKeys(this.#api, of, keys, call);
    const where = since === undefined ? [] : changedSince(schema, since);
    yield* where.length === 0
      ? readAll(this.#api, { ...of, mayUseJobs: this.#settings.mayUseJobs }, [], call)
      : withoutTotals(readAll(this.#api, { ...of, mayUseJobs: this.#settings.mayUseJobs }, where, call));
  }

  async *readChanges(request: ChangesRequest, call: CallOptions = {}): AsyncIterable<ChangeBatch> {
    yield* readChanges(this.#api, await this.#asked(request.schema, call), request, async (object) => await this.#wireOf(object, call), call);
  }

  async *writtenSince(request: WrittenRequest, call: CallOptions = {}): AsyncIterable<WrittenBatch> {
    yield* writtenSince(this.#api, await this.#asked(request.schema, call), request, call);
  }

  async count(request: CountRequest, call: CallOptions = {}): Promise<number | undefined> {
    return await count(this.#api, request, call);
  }

  async writtenBetween(request: BetweenRequest, call: CallOptions = {}): Promise<BetweenSample | undefined> {
    return await writtenBetween(this.#api, request, call);
  }

  keptChanges(): number {
    return ALL_CHANGES;
  }

  async *readLinks(request: ReadLinksRequest, call: CallOptions = {}): AsyncIterable<readonly Link[]> {
    const prefix = request.link.exact === true ? undefined : ((await this.#wireOf(request.link.to, call)).keyPrefix ?? undefined);
    yield* readLinks(this.#api, request, prefix, call);
  }

  async write(batch: Batch, call: CallOptions = {}): Promise<readonly MutationResult[]> {
    const sorted = byAction(batch);
    if (sorted === undefined) return [];
    switch (sorted.action) {
      case 'update':
        return await updateRecords(this.#api, await this.#wireOf(sorted.first.schema.object, call), sorted.mutations, call);
      case 'create':
        return await this.#create(sorted.mutations, await this.#wireOf(sorted.first.schema.object, call), call);
      case 'delete':
        return await deleteRecords(this.#api, sorted.mutations, call);
      case 'undelete':
        return await undeleteRecords(this.#api, await this.#wireOf(sorted.first.schema.object, call), sorted.mutations, call);
      case 'link':
      case 'unlink':
        return batch.map(() => rejection('read-only', 'Links of Salesforce are kept in fields'));
    }
  }

  async findCreated(mutations: readonly CreateMutation[], since: Date, call: LookingUp = {}): Promise<readonly CreatedLookup[]> {
    const [first] = mutations;
    if (first === undefined) return [];
    if (this.#user === undefined) await this.identify(call);
    const of = await this.#asked(first.schema, call);
    const look = async (): Promise<readonly CreatedLookup[]> => await findCreated(this.#api, of, mutations, since, this.#user, call);
    return await whenSettled(this.#api, look, call.lastSentAt ?? since, { ...call, everyMs: LOOK_EVERY_MS });
  }

  async settled(sentAt: Date | undefined, call: CallOptions = {}): Promise<boolean> {
    return await waitUntilSettled(this.#api, sentAt, call);
  }

  sideEffects(request: SideEffectsRequest, call: CallOptions = {}): AsyncIterable<SideEffects> {
    return sideEffects(this.#api, request, this.#writers, async (object) => await this.#wireOf(object, call), call);
  }

  async undeletable(schema: ObjectSchema, keys: readonly string[], call: CallOptions = {}): Promise<ReadonlySet<string>> {
    if (!schema.undelete) return new Set();
    return (await fatesOf(this.#api, await this.#wireOf(schema.object, call), keys, call)).deleted;
  }

  /** Those that the write would refuse: a plan promises no more than it does. */
  async neverAgain(schema: ObjectSchema, keys: readonly string[], call: CallOptions = {}): Promise<ReadonlyMap<string, NeverAgain>> {
    if (keys.length === 0) return new Map();
    try {
      const hidden = await this.#perhapsHidden(await this.#wireOf(schema.object, call), keys, call);
      return new Map([...hidden].map((key) => [key, { why: WHY_HIDDEN, perhapsThere: true }]));
    } catch (error) {
      // Who may not ask for permissions can plan all the same; the write asks again, and is refused.
      if (isRunbackError(error) && error.code === 'scope-missing') return new Map();
      throw error;
    }
  }

  async mergedAway(schema: ObjectSchema, since: Date, call: CallOptions = {}): Promise<readonly MergedAway[]> {
    return await mergedAway(this.#api, await this.#asked(schema, call), since, call);
  }

  /** Every page of a record has the same form; what has no page is not found there. */
  pageOf(): string {
    return `${this.#settings.url}/{key}`;
  }

  async dailyQuota(call: CallOptions = {}): Promise<DailyQuota | undefined> {
    return quotaIn(await this.#api.get(this.#api.data('/limits'), isObject, call));
  }

  settingsMayHaveChanged(): void {
    this.#described.clear();
    this.#wires.clear();
    this.#seesAll = undefined;
  }

  usage(): Usage {
    return this.#api.usage();
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

  async *#withHistory(of: Asked, keys: readonly string[], names: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
    const absent = new Set(keys);
    for await (const batch of readKeys(this.#api, of, keys, call)) {
      for (const key of [...batch.records.map(({ key: one }) => one), ...(batch.aliases?.keys() ?? [])]) absent.delete(key);
      const history =
        this.#settings.history === 'field'
          ? await historiesOf(this.#api, of, batch.records, names, this.#writers, call)
          : await lastWritesOf(batch.records, names, this.#writers, call);
      yield { ...batch, history };
    }
    if (absent.size === 0) return;
    const history = await deletionsOf(this.#api, of, [...absent], names, this.#writers, call);
    if (history.size > 0) yield { records: [], history };
  }

  /** Makes records, but for those that may be there still, unseen. */
  async #create(mutations: readonly CreateMutation[], wire: WireObject, call: CallOptions): Promise<readonly MutationResult[]> {
    const keys = mutations.map(({ key }) => key);
    const hidden = await this.#perhapsHidden(wire, keys, call);
    const open = mutations.filter(({ key }) => !hidden.has(key));
    const results = (await createRecords(this.#api, open, call)).values();
    return mutations.flatMap(({ key }) => (hidden.has(key) ? notAgain(wire, key) : (results.next().value ?? [])));
  }

  async #perhapsHidden(wire: WireObject, keys: readonly string[], call: CallOptions): Promise<ReadonlySet<string>> {
    const seesAll = async (): Promise<boolean> => (this.#seesAll ??= await seesAllData(this.#api, call));
    return await perhapsHidden(this.#api, wire, keys, seesAll, call);
  }

  async #asked(schema: ObjectSchema, call: CallOptions): Promise<Asked> {
    call.signal?.throwIfAborted();
    return { schema, wire: await this.#wireOf(schema.object, call) };
  }

  /** As it was described last, or is now. */
  async #wireOf(object: string, call: CallOptions): Promise<WireObject> {
    for (const { wires } of this.#described.values()) {
      const wire = wires.get(object);
      if (wire !== undefined) return wire;
    }
    const known = this.#wires.get(object) ?? (await oneObject(this.#api, object, call));
    this.#wires.set(object, known);
    return known;
  }
}

/** Of a part, how many there are says nothing of all. */
async function* withoutTotals(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  for await (const { records } of batches) yield { records };
}
