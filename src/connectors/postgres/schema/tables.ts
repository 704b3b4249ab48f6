import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { LinkSchema } from '../../../records/index.js';
import type { PlatformSchema } from '../../connector.js';
import { grantFor } from '../errors.js';
import type { Reader, View } from '../read/reader.js';
import type { Settings } from '../settings.js';
import { target } from '../sql.js';
import { type Described, describeTables } from './describe.js';
import type { ForeignKey, Table } from './table.js';

/** How often a view is opened anew because tables were made, replaced or dropped while they were being locked. */
const ATTEMPTS = 5;

/**
 * The tables of one connector: as they were described last, and, while a view is held, as they are in it. Opens the
 * view with the tables that are asked for first.
 */
export class Tables {
  private readonly tables = new Map<string, Table>();
  private readonly keys = new Map<string, ForeignKey>();
  /** Views are opened and added to one at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly reader: Reader,
    private readonly settings: Settings,
  ) {}

  /** Reads the catalog. Throws `object-unsupported`, and in a view that it opens what {@link table} throws. */
  async describe(objects: readonly string[] | undefined, options: CallOptions): Promise<PlatformSchema> {
    const described = this.reader.held
      ? await this.inTurn(async () => {
          if (this.reader.view === undefined) return this.openView(await this.read(objects, options), objects, options);
          return this.keep(await this.read(objects, options), this.reader.view);
        })
      : await this.read(objects, options);
    return { objects: described.tables.map((table) => table.description), links: described.keys.map((key) => key.link) };
  }

  /**
   * A table as it is now, or in the view that is held, locked there; the schema that callers hold may be that of an old
   * snapshot. Throws `object-unsupported`, `scope-missing`, `platform-limit` where somebody holds a lock, and
   * `platform-incomplete` where the table is no longer what the view can see.
   */
  async table(object: string, options: CallOptions): Promise<Table> {
    if (this.reader.held) return this.inTurn(async () => this.tableInView(object, [object], options));
    if (!this.tables.has(object)) await this.read([object], options);
    return this.known(this.tables, object);
  }

  /** The two tables and the foreign key of a kind of link, as {@link table} gives them. */
  async link(link: LinkSchema, options: CallOptions): Promise<{ readonly from: Table; readonly to: Table; readonly key: ForeignKey }> {
    const both = [...new Set([link.from, link.to])];
    const each = async (object: string): Promise<Table> =>
      this.reader.held ? this.inTurn(async () => this.tableInView(object, both, options)) : this.table(object, options);
    const from = await each(link.from);
    return { from, to: await each(link.to), key: await this.foreignKey(link, options) };
  }

  private async foreignKey(link: LinkSchema, options: CallOptions): Promise<ForeignKey> {
    const id = linkId(link);
    const find = (): ForeignKey | undefined => (this.reader.view?.keys ?? this.keys).get(id);
    if (find() === undefined) await this.describe([...new Set([link.from, link.to])], options);
    const key = find();
    if (key !== undefined) return key;
    throw new RunbackError(
      'object-unsupported',
      `${this.settings.platform} has no foreign key ${link.label ?? link.kind} from ${link.from} to ${link.to}`,
      { state: 'Nothing was written.' },
    );
  }

  private async read(objects: readonly string[] | undefined, options: CallOptions): Promise<Described> {
    const { encoding } = await this.reader.connected(options);
    const ask = (text: string, values: readonly unknown[]): ReturnType<Reader['ask']> =>
      this.reader.ask(text, values, options, 'reading the catalog');
    const described = await describeTables(ask, objects, this.settings, encoding);
    for (const table of described.tables) this.tables.set(table.object, table);
    for (const key of described.keys) this.keys.set(linkId(key.link), key);
    return described;
  }

  /**
   * Locks what was described, and describes it again as it is in the view; once more where that is no longer the same
   * tables.
   */
  private async openView(before: Described, objects: readonly string[] | undefined, options: CallOptions): Promise<Described> {
    let described = before;
    let cause: unknown;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const usable = described.tables.filter((table) => table.description.refused === undefined);
      this.requireReadable(usable);
      try {
        const view = await this.reader.open(usable, options);
        described = this.keep(await this.read(objects, options), view);
        if (described.tables.every((table) => table.description.refused !== undefined || view.locked.has(table.oid))) return described;
      } catch (error) {
        if (!hasChanged(error)) {
          await this.reader.abandon();
          throw error;
        }
        cause = error;
      }
      await this.reader.abandon();
      described = await this.read(objects, options);
    }
    throw new RunbackError('platform-limit', `Tables of ${this.settings.platform} are being made, replaced or dropped all the time`, {
      why: `They were different each of the ${String(ATTEMPTS)} times that they had been locked.`,
      state: 'Nothing was written.',
      next: 'Run the same command again when that has stopped.',
      cause,
    });
  }

  /** `together`: what is locked with it where the view is opened now. */
  private async tableInView(object: string, together: readonly string[], options: CallOptions): Promise<Table> {
    if (this.reader.view === undefined) {
      const known = together.flatMap((name) => this.tables.get(name) ?? []);
      const before = known.length < together.length ? await this.read(together, options) : { tables: known, keys: [] };
      await this.openView(before, together, options);
    }
    const { view } = this.reader;
    if (view === undefined) return this.known(this.tables, object);
    if (!view.tables.has(object)) this.keep(await this.read([object], options), view);
    const table = this.known(view.tables, object);
    if (table.description.refused !== undefined) return table;
    this.requireReadable([table]);
    // A partition can be attached without a lock that ours would keep away.
    if (!view.locked.has(table.oid) || table.kind === 'p') await this.reader.lockLate(view, table, options);
    return table;
  }

  private keep(described: Described, view: View): Described {
    for (const table of described.tables) view.tables.set(table.object, table);
    for (const key of described.keys) view.keys.set(linkId(key.link), key);
    return described;
  }

  private known(tables: ReadonlyMap<string, Table>, object: string): Table {
    const table = tables.get(object);
    if (table !== undefined) return table;
    throw new RunbackError('object-unsupported', `${this.settings.platform} has no table ${object}`, { state: 'Nothing was written.' });
  }

  private requireReadable(tables: readonly Table[]): void {
    const unreadable = tables.filter((table) => !table.readable);
    const [first] = unreadable;
    if (first === undefined) return;
    const { platform, user } = this.settings;
    const names = unreadable.map(target).sort();
    throw new RunbackError('scope-missing', `${platform} does not let "${user}" read ${unreadable.map((table) => table.object).join(', ')}`, {
      why: 'PostgreSQL grants no SELECT on the whole table, or no USAGE on its schema, to this user.',
      state: 'Nothing was written.',
      next: `Let the owner of the table run: ${grantFor('SELECT', names.join(', '), this.settings)}`,
      data: { platform, object: first.object, privilege: 'SELECT' },
    });
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work, work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}

/** True where a table was dropped or replaced, or a permission taken away, between looking and locking. */
function hasChanged(error: unknown): boolean {
  return error instanceof RunbackError && ['42P01', '3F000', '42501'].includes(String(error.data['sqlstate']));
}

function linkId(link: { readonly kind: string; readonly from: string; readonly to: string }): string {
  return JSON.stringify([link.from, link.to, link.kind]);
}
