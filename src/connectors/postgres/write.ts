import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { Value } from '../../records/index.js';
import type { MutationResult } from '../connector.js';
import { aboutRecord, grantFor, rejection, serverError } from './errors.js';
import { type Group, prepare, type RecordMutation } from './prepare.js';
import type { Settings } from './settings.js';
import { target } from './sql.js';
import {
  deleteStatement,
  insertStatement,
  type Item,
  lockStatement,
  lookStatement,
  type Shape,
  type Statement,
  updateStatement,
} from './statements.js';
import type { Table } from './table.js';
import { valueOf } from './values.js';
import type { Run, Writer } from './writer.js';

/** What writing one object type needs. */
export interface WriteContext {
  readonly writer: Writer;
  readonly settings: Settings;
  readonly table: Table;
}

/** Writes mutations of one action and one table in one transaction; what is refused is left out of it, one by one. */
export async function writeRecords(
  mutations: readonly RecordMutation[],
  context: WriteContext,
  options: CallOptions,
): Promise<readonly MutationResult[]> {
  const [first] = mutations;
  if (first === undefined) return [];
  const settled: (MutationResult | undefined)[] = mutations.map(() => undefined);
  const groups = prepare(mutations, context.table, settled);
  if (groups.length === 0) return settled.map((result) => result ?? notDone);
  return context.writer.transact(mutations.length, (run) => new Batch(mutations, groups, [...settled], context, run).run(), options);
}

const notDone: MutationResult = { status: 'failed', message: 'The database did not answer for this record.' };

/** The statement changed something that was not asked for: it is taken back. */
class NotKept extends Error {}

/** One attempt at a batch, inside a transaction. */
class Batch {
  private readonly action: RecordMutation['action'];

  constructor(
    private readonly mutations: readonly RecordMutation[],
    private readonly groups: readonly Group[],
    private readonly results: (MutationResult | undefined)[],
    private readonly context: WriteContext,
    private readonly query: Run,
  ) {
    this.action = mutations[0]?.action ?? 'update';
  }

  async run(): Promise<readonly MutationResult[]> {
    for (const group of this.groups) await this.apply(group.shape, group.items);
    await this.retryChildren();
    return this.results.map((result) => result ?? notDone);
  }

  /** A record can refer to another one of the same batch: those that missed their parent are tried again while that helps. */
  private async retryChildren(): Promise<void> {
    const waiting = (): Group[] =>
      this.groups
        .map((group) => ({ ...group, items: group.items.filter((item) => isParentMissing(this.results[item.n])) }))
        .filter((group) => group.items.length > 0);
    const count = (groups: readonly Group[]): number => groups.reduce((sum, group) => sum + group.items.length, 0);
    for (let left = waiting(), before = Infinity; count(left) > 0 && count(left) < Math.min(before, this.mutations.length); left = waiting()) {
      before = count(left);
      for (const group of left) await this.apply(group.shape, group.items);
    }
  }

  /** One statement for all items; where it is refused, its halves, down to the record that is to blame. */
  private async apply(shape: Shape, items: readonly Item[]): Promise<void> {
    await this.query('SAVEPOINT batch');
    let rows;
    try {
      if (this.action === 'delete' && shape.table.reachedOnDelete.length > 0) {
        const lock = lockStatement(shape, items);
        await this.query(lock.text, lock.values);
      }
      const { text, values } = this.statement(shape, items);
      rows = await this.query(text, values);
      if (rows.some((row) => row[1] !== 't')) throw new NotKept();
      if (this.action === 'create' && rows.length < items.length) throw new NotKept();
    } catch (error) {
      const server = serverError(error);
      if (!(error instanceof NotKept) && (server === undefined || !aboutRecord(server))) throw error;
      await this.query('ROLLBACK TO SAVEPOINT batch');
      const [only] = items;
      if (items.length === 1 && only !== undefined) {
        this.results[only.n] =
          server === undefined
            ? this.notKept(shape)
            : rejection(
                server,
                this.action,
                shape.set.some((column) => column.isEnum),
              );
        return;
      }
      const middle = items.length >> 1;
      await this.apply(shape, items.slice(0, middle));
      await this.apply(shape, items.slice(middle));
      return;
    }
    await this.query('RELEASE SAVEPOINT batch');
    for (const row of rows) this.results[Number(row[0])] = { status: 'applied', key: row[2] ?? '' };
    const missed = items.filter((item) => this.results[item.n] === undefined || isParentMissing(this.results[item.n]));
    if (missed.length === 0) return;
    // A record that others of this batch refer to can go once those are gone.
    const more = this.action === 'delete' && rows.length > 0 && shape.table.reachedOnDelete.some((reach) => reach.self);
    await (more ? this.apply(shape, missed) : this.explain(shape, missed));
  }

  private notKept(shape: Shape): MutationResult {
    const columns = shape.set.map((column) => column.name).join(', ');
    return {
      status: 'rejected',
      reason: 'rejected',
      message: `The database did not keep what was written to ${shape.table.object} (${columns}): a trigger, a rule or the type of a column changed it. It was taken back.`,
    };
  }

  private statement(shape: Shape, items: readonly Item[]): Statement {
    if (this.action === 'update') return updateStatement(shape, items);
    if (this.action === 'delete') return deleteStatement(shape, items);
    const written = new Set([...shape.key, ...shape.set].map((column) => column.name));
    const { by, at } = this.context.settings.modified;
    const stamps = [
      { name: by, sql: `'runback'` },
      { name: at, sql: 'now()' },
    ].flatMap(({ name, sql }) => {
      const column = name === undefined || written.has(name) ? undefined : shape.table.columns.get(name);
      return column === undefined || column.generated ? [] : [{ column, sql: `${sql}::${column.base}` }];
    });
    return insertStatement(shape, items, stamps);
  }

  /** Says of records that were not written what is there instead. */
  private async explain(shape: Shape, items: readonly Item[]): Promise<void> {
    const { text, values } = lookStatement(shape, items, this.action === 'delete');
    const found = new Map((await this.query(text, values)).map((row) => [Number(row[0]), row]));
    for (const item of items) {
      const row = found.get(item.n);
      const { object } = shape.table;
      if (row === undefined) {
        this.results[item.n] =
          this.action === 'delete'
            ? { status: 'moved' }
            : {
                status: 'rejected',
                reason: 'deleted-later',
                message: `${object} has no record ${this.mutations[item.n]?.key ?? ''}. Nothing was written.`,
              };
      } else if (row[1] === 't') {
        this.results[item.n] = {
          status: 'rejected',
          reason: 'rejected',
          message: `A trigger, rule or policy of ${object} suppressed the write. Nothing was written.`,
        };
      } else {
        const live = shape.expect.map((column, i): [string, Value] => [column.name, valueOf(row[i + 2] ?? null, column)]);
        this.results[item.n] = { status: 'moved', live: Object.fromEntries(live) };
      }
    }
  }
}

function isParentMissing(result: MutationResult | undefined): boolean {
  return result?.status === 'rejected' && result.reason === 'parent-missing';
}

/** Checks a permission before anything is sent. Throws `scope-missing` with the GRANT that is needed. */
export async function checkPrivilege(action: RecordMutation['action'], context: WriteContext, query: Run): Promise<void> {
  const { table, settings } = context;
  const privilege = { update: 'UPDATE', create: 'INSERT', delete: 'DELETE' }[action];
  const qualified = target(table);
  const columns = privilege === 'DELETE' ? 'false' : `has_any_column_privilege($1::regclass, $2)`;
  const [row] = await query(`SELECT has_table_privilege($1::regclass, $2) OR ${columns}`, [qualified, privilege]);
  if (row?.[0] === 't') return;
  throw new RunbackError('scope-missing', `${settings.platform} does not let "${settings.user}" ${action} records of ${table.object}`, {
    why: `PostgreSQL grants no ${privilege} on ${qualified} to this user.`,
    state: 'Nothing was written.',
    next: `Let the owner of the table run: ${grantFor(`SELECT, ${privilege}`, qualified, settings)}`,
    data: { platform: settings.platform, object: table.object, privilege },
  });
}
