import type { LinkMutation, MutationResult, WriteOptions } from '../../connector.js';
import { aboutRecord, isLocked, rejection, serverError } from '../errors.js';
import type { ForeignKey, Table } from '../schema/table.js';
import { identifier, keyMatch, refersTo, relation, within } from '../sql.js';
import { whoLocks } from '../write/lockers.js';
import type { Run, Writer } from '../write/writer.js';
import { keyColumns } from './read.js';
import { keyParts } from './values.js';

/** What writing links of one foreign key needs. */
export interface LinkContext {
  readonly writer: Writer;
  readonly key: ForeignKey;
  readonly from: Table;
  readonly to: Table;
}

/**
 * Links and unlinks through the columns of a foreign key. Only an empty reference is filled, and only the reference
 * that was named is emptied; anything else has `moved`.
 */
export async function writeLinks(
  mutations: readonly LinkMutation[],
  context: LinkContext,
  options: WriteOptions,
): Promise<readonly MutationResult[]> {
  if (context.key.link.readOnly === true)
    return mutations.map((): MutationResult => ({
      status: 'rejected',
      reason: 'read-only',
      message: `The columns of foreign key ${context.key.link.label ?? ''} make the key of ${context.from.object}.`,
    }));
  return context.writer.transact(
    mutations.length,
    async (run) => {
      const results: MutationResult[] = [];
      for (const mutation of mutations) results.push(await writeOne(mutation, context, run));
      return results;
    },
    options,
  );
}

async function writeOne(mutation: LinkMutation, context: LinkContext, run: Run): Promise<MutationResult> {
  const { key, from, to } = context;
  const absent = (table: Table, which: string, reason: 'parent-missing' | 'deleted-later'): MutationResult => ({
    status: 'rejected',
    reason,
    message: `${table.object} has no record ${which}. Nothing was written.`,
  });
  const fromParts = keyParts(mutation.from, from.description.keyFields);
  const toParts = keyParts(mutation.to, to.description.keyFields);
  if (fromParts === undefined) return absent(from, mutation.from, 'deleted-later');
  if (toParts === undefined) return absent(to, mutation.to, 'parent-missing');
  const fromKey = keyColumns(from, from.description.keyFields);
  const toKey = keyColumns(to, to.description.keyFields);
  const values = [...fromParts, ...toParts];
  const names = values.map((_, i) => `k${String(i)}`);
  const source = `(SELECT ${values.map((_, i) => `$${String(i + 1)}::pg_catalog.text AS k${String(i)}`).join(', ')}) AS v`;
  const isFrom = keyMatch(fromKey, 'f', 'v', names);
  const isTo = keyMatch(toKey, 'p', 'v', names.slice(fromParts.length));
  const linked = `${refersTo(key.pairs, 'f', 'p')}${within(key.fromPart, 'f')}${within(key.toPart, 'p')}`;
  const empty = key.pairs.map(({ column }) => `f.${identifier(column)} IS NULL`).join(' OR ');
  const linking = mutation.action === 'link';
  const sets = key.pairs.map(({ column, refers }) => `${identifier(column)} = ${linking ? `p.${identifier(refers)}` : 'NULL'}`).join(', ');
  await run('SAVEPOINT link');
  try {
    const done = await run(
      `UPDATE ${relation(from)} AS f SET ${sets} FROM ${source}, ${relation(to)} AS p WHERE ${isFrom} AND ${isTo} AND ${linking ? `((${linked}) OR ${empty})` : linked} RETURNING 1`,
      values,
    );
    await run('RELEASE SAVEPOINT link');
    if (done.length > 0) return { status: 'applied', key: mutation.from };
  } catch (error) {
    const server = serverError(error);
    if (server === undefined || !(aboutRecord(server) || isLocked(server))) throw error;
    await run('ROLLBACK TO SAVEPOINT link');
    if (isLocked(server)) {
      // The others do not wait as long again for what may be the same lock.
      await run(`SET LOCAL lock_timeout = '100ms'`);
      const shape = { table: from, key: fromKey, set: [], expect: [], answer: [], watched: [] };
      const who = await whoLocks(shape, [{ n: 0, key: fromParts, set: [], expect: [] }], run);
      return { status: 'failed', message: `${from.object} is locked: ${who.get(0) ?? server.message}. Nothing was written.` };
    }
    return rejection(server, mutation.action, false);
  }
  const [row] = await run(
    `SELECT EXISTS (SELECT FROM ${relation(from)} AS f WHERE ${isFrom}), EXISTS (SELECT FROM ${relation(to)} AS p WHERE ${isTo}),
       EXISTS (SELECT FROM ${relation(from)} AS f, ${relation(to)} AS p WHERE ${isFrom} AND ${isTo} AND ${linked}) FROM ${source}`,
    values,
  );
  if (row?.[0] !== 't') return absent(from, mutation.from, 'deleted-later');
  if (row[1] !== 't') return absent(to, mutation.to, 'parent-missing');
  return { status: 'moved' };
}
