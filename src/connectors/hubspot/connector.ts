import type { CallOptions } from '../../lib/index.js';
import type { Link, ObjectSchema } from '../../records/index.js';
import type { Environment } from '../../workspace/index.js';
import { byAction } from '../batches.js';
import type {
  Batch,
  BetweenRequest,
  BetweenSample,
  Capabilities,
  ChangeBatch,
  ChangesRequest,
  Connector,
  DescribeOptions,
  CountRequest,
  CreatedLookup,
  CreateMutation,
  DailyQuota,
  Identity,
  Lack,
  ListMembership,
  MutationResult,
  Pace,
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
import { incomplete } from '../http/whole.js';
import type { Setting, SettingArea } from '../settings.js';
import { accountSettings, TOLD_SETTINGS } from './describe/account-settings.js';
import { lacksOf } from './describe/permissions.js';
import { describe, optionLabels, typeIdOf } from './describe/schema.js';
import { LINK_READ_BATCH } from './read/associations.js';
import { readChanged } from './read/changed.js';
import { readChanges } from './read/changes.js';
import { count } from './read/count.js';
import { deletedAt } from './read/deleted-at.js';
import { KeyList } from './read/key-list.js';
import { Lacking } from './read/lacking.js';
import { ReadSession, readLinks } from './read/links.js';
import { listsOf } from './read/lists.js';
import { HISTORY_BATCH, READ_BATCH, readAll, readByKeys } from './read/read.js';
import { sideEffects } from './read/side-effects.js';
import { writtenBetween, writtenSince } from './read/written.js';
import { HubSpotApi, type ApiSettings, isSuccess } from './wire/api.js';
import { DAILY_USAGE, dailyQuotaOf } from './wire/daily-quota.js';
import { isObject } from './wire/shapes.js';
import { troubleOf } from './wire/trouble.js';
import { createRecords, findCreated } from './write/create.js';
import { deleteRecords } from './write/delete.js';
import { LINK_WRITE_BATCH, writeLinks } from './write/links.js';
import { updateRecords } from './write/update.js';

const WRITE_BATCH = 100;
/** Changes of a property that its history holds at most. */
const KEPT_CHANGES = 20;
const KEPT_OF_CONTACTS = 45;
/** How long a description counts as fresh: a run asks for it at each of its steps. */
const DESCRIBED_FOR_MS = 60_000;

const CAPABILITIES: Capabilities = {
  consistentRead: false,
  ordered: false,
  conditionalWrite: false,
  history: 'field',
  batch: {
    read: READ_BATCH,
    history: HISTORY_BATCH,
    update: WRITE_BATCH,
    create: WRITE_BATCH,
    delete: WRITE_BATCH,
    undelete: WRITE_BATCH,
    link: LINK_WRITE_BATCH,
    unlink: LINK_WRITE_BATCH,
  },
  census: true,
  settings: TOLD_SETTINGS,
};

/** Settings of the driver. */
export interface HubSpotSettings extends ApiSettings {
  /** How long to let HubSpot's search index catch up before it is asked what changed. */
  readonly searchLagMs: number;
}

/** HubSpot as a connector. Between `beginRead` and `endRead`, reads share what answers hold beyond the question. */
export class HubSpotConnector implements Connector {
  readonly kind = 'hubspot';
  readonly capabilities = CAPABILITIES;
  readonly #api: HubSpotApi;
  readonly #settings: HubSpotSettings;
  #scopes: readonly string[] | undefined;
  /** Known after `identify`. */
  #isPrivateApp = false;
  /** Where the account's pages are, once it has said so. */
  #pages: string | undefined;
  #session: ReadSession | undefined;
  readonly #lacking = new Map<string, Lacking>();
  readonly #described = new Map<string, { readonly schema: PlatformSchema; readonly atMs: number; readonly whole: boolean }>();

  constructor(settings: HubSpotSettings) {
    this.#settings = settings;
    this.#api = new HubSpotApi(settings);
  }

  async identify(call: CallOptions = {}): Promise<Identity> {
    const details = await this.#api.get('/account-info/v3/details', (body) => isObject(body) && body['portalId'] !== undefined, call);
    const { portalId, accountType, uiDomain } = details as {
      readonly portalId: number | string;
      readonly accountType?: string;
      readonly uiDomain?: string;
    };
    const token = await this.#tokenInfo(call);
    this.#isPrivateApp = token !== undefined;
    const scopes = token?.['scopes'];
    const appId = token?.['appId'];
    // Accounts of other regions have another host; what is no plain host name makes no link.
    const host = uiDomain ?? 'app.hubspot.com';
    this.#pages = /^[a-z0-9.-]+$/iu.test(host) ? `https://${host}/contacts/${encodeURIComponent(String(portalId))}` : undefined;
    this.#scopes = Array.isArray(scopes) ? scopes.filter((scope): scope is string => typeof scope === 'string') : undefined;
    return {
      account: String(portalId),
      label: `HubSpot account ${String(portalId)}${uiDomain ? ` (${uiDomain})` : ''}`,
      environment: environmentOf(accountType),
      scopes: this.#scopes,
      ...(typeof appId === 'number' || typeof appId === 'string' ? { writer: `INTEGRATION:${String(appId)}` } : {}),
      address: new URL(this.#settings.url).host,
    };
  }

  async lacks(schemas: readonly ObjectSchema[]): Promise<readonly Lack[]> {
    const objects = schemas.map(({ object }) => object);
    return await Promise.resolve(this.#scopes === undefined ? [] : lacksOf(objects, this.#scopes));
  }

  async describe(objects: readonly string[] | undefined, call: DescribeOptions = {}): Promise<PlatformSchema> {
    const wanted = objects?.join(' ') ?? '';
    const nowMs = this.#settings.clock.monotonicMs();
    const known = this.#described.get(wanted);
    if (known && nowMs - known.atMs < DESCRIBED_FOR_MS && (known.whole || call.withheld !== true)) return known.schema;
    const schema = await describe(this.#api, objects, this.#scopes, call);
    this.#described.set(wanted, { schema, atMs: nowMs, whole: call.withheld === true });
    return schema;
  }

  async optionLabels(object: string, call: CallOptions = {}): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    return await optionLabels(this.#api, object, call);
  }

  async listsOf({ object }: ObjectSchema, key: string, call: CallOptions = {}): Promise<readonly ListMembership[] | undefined> {
    const type = typeIdOf(this.#api, object);
    return type === undefined ? undefined : await listsOf(this.#api, type, key, call);
  }

  async deletedAt(schema: ObjectSchema, keys: readonly string[], call: CallOptions = {}): Promise<ReadonlyMap<string, string>> {
    return await deletedAt(this.#api, schema, keys, call);
  }

  async settings(area: SettingArea, schema: ObjectSchema | undefined, call: CallOptions = {}): Promise<readonly Setting[]> {
    if (area !== 'limits') return await accountSettings(this.#api, area, schema, call);
    // No limit of a day holds for an app with OAuth.
    if (!this.#isPrivateApp) return [];
    const quota = await this.dailyQuota(call);
    if (quota === undefined) throw incomplete(this.#api, 'the calls that it allows in a day', 'It did not say.');
    return [{ name: 'calls a day', says: { most: quota.limit } }];
  }

  async *read(request: ReadRequest, call: CallOptions = {}): AsyncIterable<RecordBatch> {
    const { schema, keys, changedSince, history, historyMayLack } = request;
    if (keys) yield* readByKeys(this.#api, schema, keys, { history, ...(historyMayLack && { lacking: this.#lackingOf(schema.object) }) }, call);
    else if (changedSince) yield* readChanged(this.#api, schema, changedSince, this.#settings.searchLagMs, call);
    else {
      const session = this.#session;
      const seen = new KeyList(LINK_READ_BATCH);
      for await (const batch of readAll(this.#api, schema, call)) {
        if (session) for (const record of batch.records) seen.add(record.key);
        yield batch;
      }
      session?.keys.set(schema.object, seen);
    }
  }

  readChanges(request: ChangesRequest, call: CallOptions = {}): AsyncIterable<ChangeBatch> {
    return readChanges(this.#api, request, this.#session, this.#settings.searchLagMs, call);
  }

  writtenSince(request: WrittenRequest, call: CallOptions = {}): AsyncIterable<WrittenBatch> {
    return writtenSince(this.#api, request, this.#settings.searchLagMs, call);
  }

  async writtenBetween(request: BetweenRequest, call: CallOptions = {}): Promise<BetweenSample | undefined> {
    return await writtenBetween(this.#api, request, call);
  }

  async count(request: CountRequest, call: CallOptions = {}): Promise<number | undefined> {
    return await count(this.#api, request, call);
  }

  /** As HubSpot documents it: 45 of a contact's property, 20 of all others. */
  keptChanges(object: string): number {
    return object === 'contacts' ? KEPT_OF_CONTACTS : KEPT_CHANGES;
  }

  readLinks(request: ReadLinksRequest, call: CallOptions = {}): AsyncIterable<readonly Link[]> {
    return readLinks(this.#api, request, this.#session, call);
  }

  async write(batch: Batch, call: CallOptions = {}): Promise<readonly MutationResult[]> {
    const sorted = byAction(batch);
    if (sorted === undefined) return [];
    switch (sorted.action) {
      case 'update':
        return await updateRecords(this.#api, sorted.mutations, call);
      case 'create':
        return await createRecords(this.#api, sorted.mutations, call);
      case 'delete':
        return await deleteRecords(this.#api, sorted.mutations, call);
      case 'undelete':
        return batch.map(() => rejection('irreversible', 'HubSpot restores archived records only in its web interface, for 90 days'));
      case 'link':
      case 'unlink':
        return await writeLinks(this.#api, sorted.mutations, call);
    }
  }

  async findCreated(mutations: readonly CreateMutation[], since: Date, call: LookingUp = {}): Promise<readonly CreatedLookup[]> {
    return await whenSettled(this.#api, async () => await findCreated(this.#api, mutations, since, call), call.lastSentAt ?? since, call);
  }

  async settled(sentAt: Date | undefined, call: CallOptions = {}): Promise<boolean> {
    return await waitUntilSettled(this.#api, sentAt, call);
  }

  sideEffects(request: SideEffectsRequest, call: CallOptions = {}): AsyncIterable<SideEffects> {
    return sideEffects(this.#api, request, call);
  }

  pageOf(object: string): string | undefined {
    const type = typeIdOf(this.#api, object);
    return type === undefined || this.#pages === undefined ? undefined : `${this.#pages}/record/${encodeURIComponent(type)}/{key}`;
  }

  settingsMayHaveChanged(): void {
    this.#described.clear();
  }

  now(): Date | undefined {
    return this.#api.now();
  }

  aheadMs(): number | undefined {
    return this.#api.aheadMs();
  }

  /** Undefined for tokens of apps with OAuth: no limit of a day holds for those. */
  async dailyQuota(call: CallOptions = {}): Promise<DailyQuota | undefined> {
    if (!this.#isPrivateApp) return undefined;
    const result = await this.#api.look('GET', DAILY_USAGE, undefined, call);
    return dailyQuotaOf(isSuccess(result) ? result.body : undefined, this.#api.usage().daily, this.#api.now() ?? this.#settings.clock.now());
  }

  pace(): Pace {
    return this.#api.pace();
  }

  usage(): Usage {
    return this.#api.usage();
  }

  async beginRead(): Promise<void> {
    this.#session = new ReadSession();
    await Promise.resolve();
  }

  async endRead(): Promise<void> {
    this.#session = undefined;
    await Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#api.close();
  }

  #lackingOf(object: string): Lacking {
    const known = this.#lacking.get(object) ?? new Lacking();
    this.#lacking.set(object, known);
    return known;
  }

  /** What HubSpot says of a private app's token; undefined for tokens of other kinds. */
  async #tokenInfo(call: CallOptions): Promise<Readonly<Record<string, unknown>> | undefined> {
    const result = await this.#api.look('POST', '/oauth/v2/private-apps/get/access-token-info', { tokenKey: this.#settings.token }, call);
    if (!isSuccess(result)) {
      if (result.kind === 'answered' && result.status !== 429 && troubleOf(result) === undefined) return undefined;
      throw this.#api.failure(result);
    }
    return isObject(result.body) ? result.body : undefined;
  }
}

function environmentOf(accountType: string | undefined): Environment | undefined {
  switch (accountType) {
    case 'STANDARD':
      return 'production';
    case 'SANDBOX':
    case 'DEVELOPER_TEST':
    case 'APP_DEVELOPER':
      return 'sandbox';
    default:
      return undefined;
  }
}
