import { defined, messageOf, RunbackError } from '../../../lib/index.js';
import { sameForm, type PlatformRecord, type Value } from '../../../records/index.js';
import type { CreateMutation, MutationResult, WriteOptions } from '../../connector.js';
import { aboutRecord, grantFor, isLocked, rejection, serverError } from '../errors.js';
import { presentFields, recordMaker, valueOf } from '../read/values.js';
import { readReaches } from '../schema/describe.js';
import type { Reach, Table } from '../schema/table.js';
import type { Row } from '../session.js';
import type { Settings } from '../settings.js';
import { relation, target } from '../sql.js';
import { localSql, type Zone } from '../zone.js';
import { goesAtOnce, outcomesIn, updateAtOnce } from './at-once.js';
import { blame, quietly } from './blame.js';
import { whoLocks } from './lockers.js';
import { type Group, pieces, prepare, type RecordMutation } from './prepare.js';
import { sequencesBehind } from './sequences.js';
import {
  ANSWER_FROM,
  answerStatement,
  beforeStatement,
  deleteStatement,
  freeStatement,
  insertStatement,
  type Item,
  lockStatement,
  lookStatement,
  type Shape,
  type Statement,
  thereStatement,
  updateStatement,
} from './statements.js';
import type { Run, Writer } from './writer.js';

/** What writing one object type needs. */
export interface WriteContext {
  readonly writer: Writer;
  readonly settings: Settings;
  readonly table: Table;
  /** Zone of the time column that `modified` names, where it has none of its own. */
  readonly zone?: Zone;
  /** What was said already and is not said again. */
  readonly said: Set<string>;
}

/** What one group writes begins here, and is taken back to here where it is refused. */
const SAVE = 'SAVEPOINT batch';

/** While others wait for what we hold, a lock of somebody else is waited for so long at most. */
const SHORT_WAIT_MS = 1000;
/** So many waits for locks in one batch; what is left then waits for its turn after the others. */
const WAITS = 4;

/**
 * Writes mutations of one action and one table in one transaction; what is refused is left out of it, one by one. What
 * somebody else has locked is left out too, and written in transactions of its own after the others, within the time
 * that is allowed for waiting.
 */
export async function writeRecords(
  mutations: readonly RecordMutation[],
  context: WriteContext,
  options: WriteOptions,
): Promise<readonly MutationResult[]> {
  const { writer, settings } = context;
  const results: (MutationResult | undefined)[] = mutations.map(() => undefined);
  const groups = prepare(mutations, context.table, results);
  if (groups.length === 0) return results.map((result) => result ?? notDone);
  const waits = { reason: '', waited: 0 };
  let left = groups;
  for (let round = 0; left.length > 0; round += 1) {
    const places = left.flatMap((group) => group.items.map((item) => item.n));
    const lockMs = round === 0 ? Math.min(SHORT_WAIT_MS, settings.lockTimeoutMs || SHORT_WAIT_MS) : settings.lockTimeoutMs;
    const locked = new Map<number, string>();
    const work = async (run: Run): Promise<readonly MutationResult[]> => {
      locked.clear();
      const done = await new Batch(mutations, left, locked, context, run, options.underWay).run();
      return places.map((n) => done[n] ?? notDone);
    };
    let answers: readonly MutationResult[];
    try {
      answers = await writer.transact(places.length, work, options, { lockMs, places, also: SAVE });
    } catch (error) {
      // Before the first transaction nothing was sent, and that may be said by throwing.
      if (round === 0) throw error;
      answers = places.map(() => ({ status: 'failed', message: messageOf(error) }));
    }
    places.forEach((n, i) => {
      results[n] = answers[i] ?? notDone;
    });
    left = groupsOf(left, (n) => locked.has(n) && results[n]?.status === 'failed');
    waits.reason = [...new Set(locked.values())].join('; ');
    if (round > 0) waits.waited += Math.max(settings.lockTimeoutMs, 1);
    if (left.length > 0 && !(await writer.waitFor(`${context.table.object}: ${waits.reason}`, round, waits, options))) break;
  }
  const final = results.map((result) => result ?? notDone);
  await tellSequences(mutations, final, context, options);
  return final;
}

/** Says once of each sequence that it is behind what was created. */
async function tellSequences(
  mutations: readonly RecordMutation[],
  results: readonly MutationResult[],
  { writer, table, said }: WriteContext,
  options: WriteOptions,
): Promise<void> {
  const creates = mutations.filter((mutation): mutation is CreateMutation => mutation.action === 'create');
  if (creates.length === 0 || options.reporter === undefined || said.has(table.object)) return;
  const sentences = await sequencesBehind(table, creates, results, (text) => writer.ask(text, options));
  if (sentences.length > 0) said.add(table.object);
  for (const sentence of sentences) options.reporter.note(sentence);
}

function groupsOf(groups: readonly Group[], keep: (n: number) => boolean): Group[] {
  return groups.map((group) => ({ ...group, items: group.items.filter((item) => keep(item.n)) })).filter((group) => group.items.length > 0);
}

const notDone: MutationResult = { status: 'failed', message: 'The database did not answer for this record.' };

/**
 * What was written did not stay: it is taken back. `columns`: those whose value stayed as it was, where that is known.
 */
class NotKept extends Error {
  constructor(readonly columns: readonly string[] = []) {
    super();
  }
}

/** It cannot be told whether a delete would go on into other records. */
class Hidden extends Error {
  constructor(readonly reaches: readonly Reach[]) {
    super();
  }
}

/** One attempt at a batch, inside a transaction. */
class Batch {
  private readonly action: RecordMutation['action'];
  private readonly results: (MutationResult | undefined)[];
  /** Makes the record of an answer; of no use for deletes. */
  private readonly make: (row: Row) => PlatformRecord;
  private waits = 0;
  /** Where the last savepoint stands: at the very place where one is needed next, before what stays written, or neither. */
  private saved: 'here' | 'before' | 'no' = 'here';
  /** What updated records were before, by place. */
  private readonly before = new Map<number, PlatformRecord>();
  /** What deletes go on into, as last read. */
  private reaches: readonly Reach[];

  constructor(
    private readonly mutations: readonly RecordMutation[],
    private readonly groups: readonly Group[],
    /** Filled with what somebody else has locked: its place, and who that is. */
    private readonly locked: Map<number, string>,
    private readonly context: WriteContext,
    private readonly query: Run,
    private readonly underWay: WriteOptions['underWay'],
  ) {
    const [first] = mutations;
    this.action = first?.action ?? 'update';
    this.results = mutations.map(() => undefined);
    this.reaches = context.table.reachedOnDelete;
    this.make = recordMaker(first === undefined ? [] : presentFields(first.schema, context.table));
  }

  async run(): Promise<readonly (MutationResult | undefined)[]> {
    for (const group of this.groups) for (const items of pieces(group.items)) await this.apply(group.shape, items);
    await this.retryChildren();
    return this.results;
  }

  /**
   * A record can refer to another one of the same batch: those that missed their parent are tried again while that
   * helps.
   */
  private async retryChildren(): Promise<void> {
    const waiting = (): Group[] => groupsOf(this.groups, (n) => isParentMissing(this.results[n]));
    const count = (groups: readonly Group[]): number => groups.reduce((sum, group) => sum + group.items.length, 0);
    for (let left = waiting(), before = Infinity; count(left) > 0 && count(left) < Math.min(before, this.mutations.length); left = waiting()) {
      before = count(left);
      for (const group of left) for (const items of pieces(group.items)) await this.apply(group.shape, items);
    }
  }

  /** One statement for all items; where it is refused, its halves, down to the record that is to blame. */
  private async apply(shape: Shape, items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    await this.save();
    let rows: readonly Row[] | undefined;
    let long: readonly Item[] = [];
    try {
      if (this.action === 'update') {
        rows = goesAtOnce(shape) ? await this.writeAtOnce(shape, items) : undefined;
        if (rows === undefined) long = await this.lookBefore(shape, items);
      }
      if (long.length === 0 || items.length === 1) rows ??= await this.write(shape, items);
    } catch (error) {
      this.saved = 'no';
      const server = serverError(error);
      const ours = error instanceof NotKept || error instanceof Hidden;
      if (!ours && (server === undefined || !(aboutRecord(server) || isLocked(server)))) throw error;
      await this.query('ROLLBACK TO SAVEPOINT batch');
      if (error instanceof Hidden) {
        for (const item of items) this.results[item.n] = this.hidden(error);
        return;
      }
      if (server !== undefined && isLocked(server)) {
        await this.aside(shape, items, server.message);
        return;
      }
      const [only] = items;
      if (items.length === 1 && only !== undefined) {
        this.results[only.n] = error instanceof NotKept ? this.notKept(shape, error) : await this.refused(shape, only, error);
        return;
      }
      const middle = items.length >> 1;
      await this.apply(shape, items.slice(0, middle));
      await this.apply(shape, items.slice(middle));
      return;
    }
    this.saved = 'before';
    if (rows === undefined) {
      await this.applyLong(shape, items, long);
      return;
    }
    for (const row of rows) this.results[Number(row[0])] = this.applied(row);
    const missed = items.filter((item) => this.results[item.n] === undefined || isParentMissing(this.results[item.n]));
    if (missed.length === 0) return;
    // A record that others of this batch refer to can go once those are gone.
    const more = this.action === 'delete' && rows.length > 0 && this.reaches.some((reach) => reach.self);
    await (more ? this.apply(shape, missed) : this.explain(shape, missed));
  }

  /** Every group has its savepoint. That of the group before is given up with the same request. */
  private async save(): Promise<void> {
    const { saved } = this;
    this.saved = 'no';
    if (saved !== 'here') await this.query(saved === 'before' ? `RELEASE ${SAVE}; ${SAVE}` : SAVE);
  }

  /**
   * Locks, writes and compares in one statement. Undefined, with nothing written, where records that were changed by
   * more than what was sent are too long to be answered with so many.
   */
  private async writeAtOnce(shape: Shape, items: readonly Item[]): Promise<readonly Row[] | undefined> {
    const answer = this.ask(updateAtOnce(shape, items, isWhole(shape)));
    // In a later turn: by then the statement has left.
    if (this.underWay !== undefined) setImmediate(this.underWay);
    const { asSent, others, tooLong } = outcomesIn(await answer, shape);
    if (tooLong) {
      await this.query(`ROLLBACK TO ${SAVE}`);
      return undefined;
    }
    const now = others.map((row) => row.now);
    this.requireKept(shape, items, now);
    for (const { was } of others) this.before.set(Number(was[0]), this.made(was));
    for (const n of asSent) this.results[n] = { status: 'applied', key: this.mutations[n]?.key ?? '', asSent: true };
    return now;
  }

  /**
   * Locks what is to be updated and keeps what stands there. Those that are too long to be kept with so many others.
   */
  private async lookBefore(shape: Shape, items: readonly Item[]): Promise<readonly Item[]> {
    const long = new Set<number>();
    for (const row of await this.ask(beforeStatement(shape, items, isWhole(shape)))) {
      if (row[3] === 't') long.add(Number(row[0]));
      else this.before.set(Number(row[0]), this.made(row));
    }
    return items.filter((item) => long.has(item.n));
  }

  /** Long records go with fewer others each time, so that what they were can be kept. */
  private async applyLong(shape: Shape, items: readonly Item[], long: readonly Item[]): Promise<void> {
    await this.apply(
      shape,
      items.filter((item) => !long.includes(item)),
    );
    const size = Math.ceil(items.length / 16);
    for (let start = 0; start < long.length; start += size) await this.apply(shape, long.slice(start, start + size));
  }

  /** The statement, and what stands after it. Throws {@link NotKept} where that is not what a write has to leave. */
  private async write(shape: Shape, items: readonly Item[]): Promise<readonly Row[]> {
    if (this.action === 'delete') {
      const known = await this.reached(shape);
      if (known.table.reachedOnDelete.length > 0) await this.ask(lockStatement(known, items));
      return this.ask(deleteStatement(known, items));
    }
    const later = shape.table.settlesLater;
    let rows = await this.ask(this.action === 'update' ? updateStatement(shape, items, later) : this.insert(shape, items, later));
    if (this.action === 'create' && rows.length < items.length) throw new NotKept();
    if (later && rows.length > 0) {
      const done = new Set(rows.map((row) => Number(row[0])));
      const written = items.filter((item) => done.has(item.n));
      rows = await this.ask(answerStatement(shape, written));
      // A trigger that ran after the write has deleted the record, or given it another key.
      if (rows.length < written.length) throw new NotKept();
    }
    this.requireKept(shape, items, rows);
    return rows;
  }

  /** Throws {@link NotKept} where a value stayed as it was although another one was written. */
  private requireKept(shape: Shape, items: readonly Item[], rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const byPlace = new Map(items.map((item) => [item.n, item]));
    const undone = new Set(rows.flatMap((row) => undoneIn(shape, byPlace.get(Number(row[0])), row[2] ?? '')));
    if (undone.size > 0) throw new NotKept([...undone].sort());
  }

  /**
   * The same with the foreign keys as they are now: with the table locked like this, no other one can be made before
   * the delete is done.
   */
  private async reached(shape: Shape): Promise<Shape> {
    const { table } = shape;
    await this.query(`LOCK TABLE ${relation(table)} IN ROW EXCLUSIVE MODE`);
    // The catalog is asked on an empty search path, where nobody's functions stand before those of the catalog.
    this.reaches = await quietly(this.query, () => readReaches((text, values) => this.query(text, values), table, this.context.settings));
    const hidden = this.reaches.filter((reach) => !reach.readable);
    if (hidden.length > 0) throw new Hidden(hidden);
    return { ...shape, table: { ...table, reachedOnDelete: this.reaches } };
  }

  private hidden({ reaches }: Hidden): MutationResult {
    const { object } = this.context.table;
    const all = reaches.map((reach) => `${reach.from.replace('ONLY ', '')} (foreign key ${reach.name})`).join(', ');
    return {
      status: 'rejected',
      reason: 'rejected',
      message: `Records of ${all} may refer to it and would be changed or deleted with it, and "${this.context.settings.user}" cannot see them all: the permission to read that table is missing, or row-level security hides some of it. Nothing of ${object} was deleted.`,
    };
  }

  private ask({ text, values }: Statement): Promise<readonly Row[]> {
    return this.query(text, values);
  }

  private insert(shape: Shape, items: readonly Item[], later: boolean): Statement {
    const written = new Set([...shape.key, ...shape.set].map((column) => column.name));
    const { by, at } = this.context.settings.modified;
    const stamps = [
      { name: by, sql: `'runback'` },
      { name: at, sql: localSql(this.context.zone, 'pg_catalog.now()') },
    ].flatMap(({ name, sql }) => {
      const column = name === undefined || written.has(name) ? undefined : shape.table.columns.get(name);
      return column === undefined || column.generated ? [] : [{ column, sql: `${sql}::${column.cast}` }];
    });
    return insertStatement(shape, items, stamps, later);
  }

  private applied(row: Row): MutationResult {
    const key = row[1] ?? '';
    if (this.action === 'delete' || row[3] === 't') return { status: 'applied', key };
    const was = this.before.get(Number(row[0]));
    return { status: 'applied', key, record: this.made(row), ...defined({ was }) };
  }

  private made(row: Row): PlatformRecord {
    return this.make([row[1] ?? '', ...row.slice(ANSWER_FROM)]);
  }

  private notKept(shape: Shape, { columns }: NotKept): MutationResult {
    const what = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
    return {
      status: 'rejected',
      reason: 'rejected',
      message: `The database did not keep what was written to ${shape.table.object}${what}: a trigger or a rule reversed it. Nothing was written.`,
      ...(columns.length === 0 ? {} : { fields: columns }),
    };
  }

  private async refused(shape: Shape, item: Item, error: unknown): Promise<MutationResult> {
    const server = serverError(error);
    if (server === undefined) throw error;
    const attempt = (columns: readonly string[]): Promise<boolean> => this.passes(shape, item, columns);
    const fields = this.action === 'delete' ? [] : await blame(server, shape, this.action, attempt, this.query);
    const enums = shape.set.some((column) => column.isEnum && (fields.length === 0 || fields.includes(column.name)));
    return { ...rejection(server, this.action, enums), ...(fields.length === 0 ? {} : { fields }) };
  }

  /** True where a record can be written with these of its columns alone. Leaves nothing behind. */
  private async passes(shape: Shape, item: Item, columns: readonly string[]): Promise<boolean> {
    const places = (of: Shape['set']): number[] => of.flatMap((column, i) => (columns.includes(column.name) ? [i] : []));
    const [set, expect] = [places(shape.set), places(shape.expect)];
    const pick = <T>(from: readonly T[], at: readonly number[]): T[] => at.flatMap((i) => from.slice(i, i + 1));
    const some: Shape = { ...shape, set: pick(shape.set, set), expect: pick(shape.expect, expect) };
    const part: Item = { ...item, set: pick(item.set, set), expect: pick(item.expect, expect) };
    await this.query('SAVEPOINT part');
    try {
      return (await this.write(some, [part])).length > 0;
    } catch (error) {
      const server = serverError(error);
      if (!(error instanceof NotKept) && (server === undefined || !(aboutRecord(server) || isLocked(server)))) throw error;
      return false;
    } finally {
      await this.query('ROLLBACK TO SAVEPOINT part').catch(() => {});
    }
  }

  /**
   * Puts aside what somebody else has locked, and writes the others: records that are locked themselves, else those
   * that need something that is locked, found by halves.
   */
  private async aside(shape: Shape, items: readonly Item[], message: string): Promise<void> {
    this.waits += 1;
    // From here on we hold locks that others wait for: nothing is waited for long any more.
    await this.query(`SET LOCAL lock_timeout = '${String(Math.min(SHORT_WAIT_MS, this.context.settings.lockTimeoutMs || SHORT_WAIT_MS))}ms'`);
    const free = await this.free(shape, items);
    const rest = items.filter((item) => !free.includes(item));
    if (rest.length > 0) await this.putAside(shape, rest, message);
    if (free.length < items.length) await this.apply(shape, free);
    else if (items.length === 1 || this.waits >= WAITS) await this.putAside(shape, items, message);
    else {
      const middle = items.length >> 1;
      await this.apply(shape, items.slice(0, middle));
      await this.apply(shape, items.slice(middle));
    }
  }

  /** Those that nobody has locked, or that are not there at all. */
  private async free(shape: Shape, items: readonly Item[]): Promise<readonly Item[]> {
    if (this.action === 'create') return items;
    await this.query('SAVEPOINT free');
    try {
      const whole = this.action === 'delete' || isWhole(shape);
      const mine = new Set((await this.ask(freeStatement(shape, items, whole))).map((row) => Number(row[0])));
      const there = new Set((await this.ask(thereStatement(shape, items))).map((row) => Number(row[0])));
      await this.query('RELEASE SAVEPOINT free');
      return items.filter((item) => mine.has(item.n) || !there.has(item.n));
    } catch (error) {
      const server = serverError(error);
      if (server === undefined || !(isLocked(server) || server.code === '42501')) throw error;
      await this.query('ROLLBACK TO SAVEPOINT free');
      // The table itself is locked, or locking records is not permitted.
      if (server.code === '42501') return items;
      this.waits = WAITS;
      return items;
    }
  }

  private async putAside(shape: Shape, items: readonly Item[], message: string): Promise<void> {
    const who = await whoLocks(shape, items, this.query);
    for (const item of items) {
      const words = who.get(item.n) ?? message;
      this.locked.set(item.n, words);
      this.results[item.n] = { status: 'failed', message: `${shape.table.object} is locked: ${words}. Nothing was written.` };
    }
  }

  /** Says of records that were not written what is there instead. */
  private async explain(shape: Shape, items: readonly Item[]): Promise<void> {
    const known: Shape = { ...shape, table: { ...shape.table, reachedOnDelete: this.reaches } };
    const found = new Map((await this.ask(lookStatement(known, items, this.action === 'delete'))).map((row) => [Number(row[0]), row]));
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
          ...(this.action === 'delete' ? {} : { fields: shape.set.map((column) => column.name) }),
        };
      } else {
        const live = shape.expect.map((column, i): [string, Value] => [column.name, valueOf(row[i + 2] ?? null, column)]);
        this.results[item.n] = { status: 'moved', live: Object.fromEntries(live) };
      }
    }
  }
}

/** True for updates that a reference to the record may stand in the way of. */
function isWhole({ set, table }: Shape): boolean {
  return set.some((column) => table.uniqueColumns.has(column.name));
}

/**
 * Columns whose value stayed as it was although another one was written. `letters`: `=` for each expected column that
 * stayed.
 */
function undoneIn(shape: Shape, item: Item | undefined, letters: string): string[] {
  if (item === undefined) return [];
  const wanted = new Map(shape.set.map((column, i) => [column.name, item.set[i] ?? null]));
  return shape.expect.flatMap((column, i) => {
    if (letters[i] !== '=' || !wanted.has(column.name)) return [];
    const field = shape.table.description.fields.find((each) => each.name === column.name);
    return sameForm(wanted.get(column.name) ?? null, item.expect[i] ?? null, field === undefined ? [] : [field]) ? [] : [column.name];
  });
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
