import { type CallOptions, chunksOf, RunbackError } from '../../../lib/index.js';
import type { CountRequest, ReadRequest, RecordBatch, WrittenBatch, WrittenRequest } from '../../connector.js';
import type { Counted } from '../read/counted.js';
import { readKeys } from '../read/read.js';
import type { Reader } from '../read/reader.js';
import type { Table } from '../schema/table.js';
import type { Tables } from '../schema/tables.js';
import type { Settings } from '../settings.js';
import { relation } from '../sql.js';
import { Audit } from './audit.js';

const KEYS_PER_BATCH = 1000;

/** The audit tables of a database, each asked for the tables that it tells of. */
export class Audits {
  readonly #all: readonly Audit[];
  readonly #found = new Map<string, Audit | undefined>();

  constructor(
    private readonly reader: Reader,
    private readonly tables: Tables,
    private readonly settings: Settings,
  ) {
    this.#all = settings.audits.map((config) => new Audit(config, reader, tables, settings));
  }

  /** What a person should know of them, as sentences. Throws as {@link Audit.shape}. */
  async advice(options: CallOptions): Promise<readonly string[]> {
    const told: string[] = [];
    for (const audit of this.#all) told.push(...(await audit.advice(options)));
    return told;
  }

  /** Records by key with what their audit table tells of them; nothing of a table that none tells of. */
  async *read(request: ReadRequest, keys: readonly string[], table: Table, options: CallOptions): AsyncGenerator<RecordBatch> {
    const audit = await this.of(table, options);
    if (audit !== undefined) return yield* audit.read(request, keys, table, options);
    const { history: _, ...plain } = request;
    for (const some of chunksOf(keys, KEYS_PER_BATCH))
      for await (const { records } of readKeys(plain, some, KEYS_PER_BATCH, { reader: this.reader, settings: this.settings, table }, options))
        yield { records, history: new Map(records.map(({ key }) => [key, { fields: {} }])) };
  }

  /** See `Connector.writtenSince`. */
  async *writtenSince(request: WrittenRequest, table: Table, options: CallOptions): AsyncGenerator<WrittenBatch> {
    const audit = await this.of(table, options);
    if (audit !== undefined) return yield* audit.writtenSince(request, table, options);
    if (request.only !== 'keys') yield { begins: null };
    const [count] = await this.reader.ask(`SELECT count(*) FROM ${relation(table)}`, [], options, `counting ${table.object}`, table);
    yield { total: Number(count?.[0] ?? 0) };
  }

  /** See {@link Audit.changedSince}. */
  async changedSince(since: Date, table: Table, options: CallOptions): Promise<readonly string[] | undefined> {
    return await (await this.of(table, options))?.changedSince(since, table, options);
  }

  /** See {@link Audit.countCreated}. */
  async countCreated(request: CountRequest, table: Table, options: CallOptions): Promise<Counted | undefined> {
    return await (await this.of(table, options))?.countCreated(request, table, options);
  }

  /**
   * The one that tells of a table: the one that runback.yml says is about it, else the one that has entries about it.
   * Throws `file-invalid` where several have.
   */
  private async of(table: Table, options: CallOptions): Promise<Audit | undefined> {
    if (!this.#found.has(table.object)) this.#found.set(table.object, await this.search(table, options));
    return this.#found.get(table.object);
  }

  private async search(table: Table, options: CallOptions): Promise<Audit | undefined> {
    const own = this.#all.filter(({ about }) => about?.some((name) => name === table.object || `public.${name}` === table.object) === true);
    const common = this.#all.filter(({ about }) => about === undefined);
    const asked = own.length > 0 ? own : common;
    if (asked.length <= 1) return asked[0];
    const telling: Audit[] = [];
    for (const audit of asked) if (own.length > 0 || (await audit.tellsOf(table, options))) telling.push(audit);
    if (telling.length <= 1) return telling[0] ?? asked[0];
    throw new RunbackError('file-invalid', `${telling.map(({ name }) => name).join(' and ')} both tell of ${table.object}`, {
      why: 'Each would be taken for all that happened, and neither is.',
      state: 'Nothing was written.',
      next: `Say in platforms.${this.settings.platform}.audit of runback.yml which of them counts: about: ${table.object}`,
    });
  }
}
