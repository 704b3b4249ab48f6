import { type CallOptions, type Clock, defined, RunbackError } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { Environment, PlatformConfig } from '../../workspace/index.js';
import { byAction } from '../batches.js';
import type { Capabilities, Connector, CountRequest, CreatedLookup, Identity, MutationResult, ReadRequest, WrittenRequest } from '../connector.js';
import type { DriverDeps } from '../driver.js';
import { PlatformTime } from '../platform-time.js';
import { unusedAudits } from './audit/advice.js';
import { ownWriter } from './audit/audit.js';
import { Audits } from './audit/audits.js';
import { fromServer, isWithheld } from './errors.js';
import { copyLines } from './read/copy-lines.js';
import { count } from './read/count.js';
import { NOW_MS } from './read/counted.js';
import { writeLinks } from './read/links.js';
import { readAll, type ReadContext, readForeignKey, readKeys } from './read/read.js';
import { Reader } from './read/reader.js';
import { accountSettings, TOLD_SETTINGS } from './schema/account-settings.js';
import { nameIn } from './schema/names.js';
import { Tables } from './schema/tables.js';
import { type Counters, throwIfAborted } from './session.js';
import { addressOf, readSettings, type Settings } from './settings.js';
import { checkPrivilege, writeRecords } from './write/write.js';
import { Writer } from './write/writer.js';
import { modifiedZone } from './zone.js';

const BATCH = 1000;
/** Updates that one statement does: each transaction costs the same few journeys, and while one is under way the next is made ready. */
const UPDATES = 2500;
const KEYS_PER_READ = 2000;

/**
 * Opens a connector for a PostgreSQL database, version 14 to 18. Makes no request. Throws `auth-missing`, `usage`,
 * `secret-missing`.
 */
export async function openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector> {
  return postgresConnector(await readSettings(config, deps), deps.clock);
}

function postgresConnector(settings: Settings, clock: Clock): Connector {
  const counters: Counters = { requests: 0, retries: 0 };
  const reader = new Reader(settings, clock, counters);
  const writer = new Writer(settings, clock, counters);
  const tables = new Tables(reader, settings);
  const audit = settings.audits.length === 0 ? undefined : new Audits(reader, tables, settings);
  const permitted = new Set<string>();
  const said = new Set<string>();
  let heldByCaller = false;
  const time = new PlatformTime(clock);

  const capabilities: Capabilities = {
    consistentRead: true,
    ordered: true,
    conditionalWrite: true,
    history: audit !== undefined ? 'field' : settings.modified.by === undefined && settings.modified.at === undefined ? 'none' : 'record',
    ...(audit === undefined ? {} : { tellsDeletions: true }),
    readsFields: true,
    batch: { read: KEYS_PER_READ, history: KEYS_PER_READ, update: UPDATES, create: BATCH, delete: BATCH, undelete: 1, link: BATCH, unlink: BATCH },
    census: true,
    settings: TOLD_SETTINGS,
  };

  const tellTime = async (options: CallOptions): Promise<void> => {
    const [row] = await reader.ask(`SELECT ${NOW_MS}`, [], options, 'asking what time it is');
    time.tell(Number(row?.[0] ?? Number.NaN));
  };

  /** Runs a read that needs one moment: in the view that is held, else in one of its own. */
  const inView = async function* <T>(read: () => AsyncIterable<T>): AsyncGenerator<T> {
    reader.hold();
    try {
      yield* read();
    } finally {
      await reader.release();
    }
  };

  return {
    kind: 'postgres',
    capabilities,

    async identify(options = {}) {
      const facts = await identityFacts(reader, options);
      return identityOf(facts, settings);
    },

    async describe(objects, options = {}) {
      if (audit !== undefined || settings.modified.at !== undefined) await tellTime(options);
      return await tables.describe(objects, options);
    },

    async *read(request, options = {}) {
      throwIfAborted(options.signal, settings);
      const { keys, schema } = request;
      // Without a column that says so, the audit table tells what changed.
      const changedKeys = async ({ changedSince }: ReadRequest, { table }: ReadContext): Promise<readonly string[] | undefined> =>
        changedSince === undefined || audit === undefined || table.columns.has(settings.modified.at ?? '')
          ? undefined
          : await audit.changedSince(changedSince, table, options);
      const context = async (): Promise<ReadContext> => ({ reader, settings, table: await tables.table(schema.object, options) });
      if (keys !== undefined && request.history !== undefined && audit !== undefined)
        yield* audit.read(request, keys, await tables.table(schema.object, options), options);
      else if (keys !== undefined) yield* readKeys(request, keys, KEYS_PER_READ, await context(), options);
      else
        yield* inView(async function* () {
          const all = await context();
          const changed = await changedKeys(request, all);
          yield* changed === undefined ? readAll(request, all, options) : readKeys(request, changed, KEYS_PER_READ, all, options);
        });
    },

    async *readLines(schema: ObjectSchema, options: CallOptions = {}) {
      throwIfAborted(options.signal, settings);
      yield* inView(async function* () {
        yield* copyLines(schema, { reader, settings, table: await tables.table(schema.object, options) }, options);
      });
    },

    ...(audit && {
      async *writtenSince(request: WrittenRequest, options: CallOptions = {}) {
        throwIfAborted(options.signal, settings);
        yield* inView(async function* () {
          yield* audit.writtenSince(request, await tables.table(request.schema.object, options), options);
        });
      },
      // What stood there before the oldest entry is told, or that it is not.
      keptChanges: () => Number.MAX_SAFE_INTEGER,
    }),

    ...((audit !== undefined || settings.modified.at !== undefined) && {
      count: async (request: CountRequest, options: CallOptions = {}) => {
        throwIfAborted(options.signal, settings);
        const found = await count(request, { reader, settings, table: await tables.table(request.schema.object, options) }, audit, options);
        if (found !== undefined) time.tell(found.atMs);
        return found?.count;
      },
    }),

    async *readLinks(request, options = {}) {
      throwIfAborted(options.signal, settings);
      yield* inView(async function* () {
        const { key, from, to } = await tables.link(request.link, options);
        yield* readForeignKey(request, key, from, to, { reader }, options);
      });
    },

    async write(mutations, options = {}) {
      throwIfAborted(options.signal, settings);
      const batch = byAction(mutations);
      if (batch === undefined) return [];
      if (batch.action === 'link' || batch.action === 'unlink')
        return writeLinks(batch.mutations, { writer, ...(await tables.link(batch.first.link, options)) }, options);
      if (batch.action === 'undelete')
        return mutations.map((): MutationResult => ({
          status: 'rejected',
          reason: 'irreversible',
          message: 'A deleted row cannot be undeleted; it can be created again with its key.',
        }));
      writer.prepare(options);
      const table = await tables.table(batch.first.schema.object, options);
      const zone = batch.action === 'create' ? await modifiedZone(reader, settings, table, options) : undefined;
      const context = { writer, settings, said, table, ...defined({ zone }) };
      const { refused } = context.table.description;
      if (refused !== undefined) return mutations.map((): MutationResult => ({ status: 'rejected', reason: 'rejected', message: refused }));
      const permission = `${batch.action} ${context.table.object}`;
      if (!permitted.has(permission)) {
        await checkPrivilege(batch.action, context, (text, values = []) => reader.ask(text, values, options, 'asking for permissions'));
        permitted.add(permission);
      }
      return writeRecords(batch.mutations, context, options);
    },

    async findCreated(mutations, _since, options = {}) {
      const [first] = mutations;
      if (first === undefined) return [];
      const context = { reader, settings, table: await tables.table(first.schema.object, options) };
      const found = new Set<string>();
      for await (const batch of readKeys(
        { schema: { ...first.schema, fields: [] } },
        mutations.map((mutation) => mutation.key),
        KEYS_PER_READ,
        context,
        options,
      ))
        for (const record of batch.records) found.add(record.key);
      return mutations.map((mutation): CreatedLookup => (found.has(mutation.key) ? { state: 'created', key: mutation.key } : { state: 'absent' }));
    },

    outcomeOf: async (token, options = {}) => {
      try {
        return await writer.outcomeOf(token, options);
      } catch (error) {
        throw fromServer(error, settings, 'asking what became of a transaction');
      }
    },

    usage: () => ({ requests: counters.requests, retries: counters.retries, limited: 0 }),

    now: () => time.now(),

    aheadMs: () => time.aheadMs(),

    nameIn,

    settings: async (area, schema, options = {}) => {
      throwIfAborted(options.signal, settings);
      const table = schema === undefined ? undefined : (await tables.table(schema.object, options)).oid;
      return await accountSettings(area, table, async (text, values) => await reader.ask(text, values, options, 'asking how it is set up'));
    },

    advice: async (options = {}) => await (audit === undefined ? unusedAudits(reader, settings.platform, options) : audit.advice(options)),

    async beginRead(options = {}) {
      if (heldByCaller) return;
      throwIfAborted(options.signal, settings);
      await reader.connected(options);
      // Before the view is opened: what it does not show was written after this.
      await tellTime(options);
      reader.hold();
      heldByCaller = true;
    },
    async endRead() {
      if (!heldByCaller) return;
      heldByCaller = false;
      await reader.release();
    },

    beginWrite: (options = {}) => writer.prepare(options),

    async close() {
      await Promise.all([reader.close(), writer.close()]);
    },
  };
}

interface Facts {
  readonly database: string;
  readonly environment: string;
  readonly version: string;
  readonly standby: boolean;
  readonly system: string | undefined;
}

async function identityFacts(reader: Reader, options: CallOptions): Promise<Facts> {
  const facts = `current_database(), coalesce(current_setting('runback.environment', true), ''), current_setting('server_version'), pg_is_in_recovery()`;
  const ask = (query: string): ReturnType<Reader['ask']> => reader.ask(query, [], options, 'asking who it is');
  let row;
  try {
    [row] = await ask(`SELECT ${facts}, system_identifier FROM pg_control_system()`);
  } catch (error) {
    // The system identifier is not for everyone on every server.
    if (!isWithheld(error)) throw error;
    [row] = await ask(`SELECT ${facts}, NULL`);
  }
  return { database: row?.[0] ?? '', environment: row?.[1] ?? '', version: row?.[2] ?? '', standby: row?.[3] === 't', system: row?.[4] ?? undefined };
}

function identityOf(facts: Facts, settings: Settings): Identity {
  const environments: readonly string[] = ['production', 'staging', 'sandbox'];
  if (facts.environment !== '' && !environments.includes(facts.environment))
    throw new RunbackError('wrong-environment', `Database ${facts.database} calls itself "${facts.environment}", which is not an environment`, {
      why: `The setting runback.environment of the database must be one of ${environments.join(', ')}.`,
      state: 'Nothing was written.',
      next: `ALTER DATABASE "${facts.database.replaceAll('"', '""')}" SET runback.environment = 'staging';`,
    });
  const address = addressOf(settings);
  return {
    account: `${facts.system ?? address}/${facts.database}`,
    label: `database ${facts.database} on PostgreSQL ${facts.version}${facts.standby ? ', a standby' : ''}`,
    environment: facts.environment === '' ? undefined : (facts.environment as Environment),
    scopes: undefined,
    ...defined({ writer: ownWriter(settings) }),
    address,
  };
}
