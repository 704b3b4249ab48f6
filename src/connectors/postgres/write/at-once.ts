import type { Row } from '../session.js';
import { identifier, keyText, printsAs, relation } from '../sql.js';
import {
  ANSWER_FROM,
  answered,
  answeredBytes,
  expected,
  type Item,
  isWide,
  keyIs,
  letters,
  type Shape,
  source,
  type Statement,
  tooLong,
  valueAt,
  written,
} from './statements.js';

/** A row of PostgreSQL holds 1,664 columns at most: those before and after, those that are sent, and some of its own. */
const MOST_COLUMNS = 400;

/** True for updates that {@link updateAtOnce} can do. Where triggers run after the write, what stands shows only then. */
export function goesAtOnce(shape: Shape): boolean {
  return !shape.table.settlesLater && !isWide(shape) && shape.answer.length <= MOST_COLUMNS;
}

/**
 * Locks the records where the expectation holds, so that nobody else can write in between, writes them, and compares
 * what stands with what was sent and with what stood before: rows for {@link outcomesIn}. `whole`: also locked against
 * new references to them.
 */
export function updateAtOnce(shape: Shape, items: readonly Item[], whole: boolean): Statement {
  const { text, values } = source(shape, items);
  const table = relation(shape.table);
  const columns = shape.answer.map((column) => identifier(column.name));
  const was = columns.map((name, i) => `, t.${name} AS w${String(i)}`).join('');
  const now = columns.map((name, i) => `, t.${name} AS a${String(i)}, v.w${String(i)}`).join('');
  const sets = shape.set.map((column, i) => `${identifier(column.name)} = ${written(shape, i)}`).join(', ');
  const most = answeredBytes(items.length);
  const told = (of: 'a' | 'w'): string[] => shape.answer.map((column, i) => answered(column, `d.${of}${String(i)}`, most));
  const long = shape.answer.flatMap(({ variable }, i) => (variable ? [tooLong(`d.a${String(i)}`, most), tooLong(`d.w${String(i)}`, most)] : []));
  const row = [
    'd.n::pg_catalog.text',
    'd.key',
    'd.letters',
    long.length === 0 ? 'false' : `(${long.join(' OR ')}) IS TRUE`,
    ...told('a'),
    ...told('w'),
  ];
  const fine = `pg_catalog.string_agg(d.n::pg_catalog.text, ',') FILTER (WHERE d.fine)`;
  return {
    text: `WITH was AS MATERIALIZED (SELECT v.*${was} FROM ${table} AS t JOIN ${text} ON ${keyIs(shape, 't')}${expected(shape)} FOR ${whole ? 'UPDATE' : 'NO KEY UPDATE'} OF t),
      done AS (UPDATE ${table} AS t SET ${sets} FROM was AS v WHERE ${keyIs(shape, 't')}${expected(shape)}
        RETURNING v.n, ${keyText(shape.key, 't')} AS key, ${letters(shape, 't')} AS letters, (${asSent(shape)}) IS TRUE AS fine${now})
      SELECT ${[fine, ...row.slice(1).map(() => 'NULL')].join(', ')} FROM done AS d UNION ALL SELECT ${row.join(', ')} FROM done AS d WHERE NOT d.fine`,
    values,
  };
}

/**
 * True where the key is as it was, what was sent prints as it was sent, and every other watched column is as it was,
 * byte for byte as it is stored. What is stored in another way may be the same all the same: that is left to whoever
 * compares the two records.
 */
function asSent(shape: Shape): string {
  const set = new Set(shape.set.map(({ name }) => name));
  const watched = new Set(shape.watched.map(({ name }) => name));
  const others = shape.answer.flatMap(({ name }, i) =>
    watched.has(name) && !set.has(name) ? [[`t.${identifier(name)}`, `v.w${String(i)}`] as const] : [],
  );
  // As records: two rows as such would be compared column by column, by an operator that their types have not.
  const side = (n: 0 | 1): string => `ROW(${others.map((both) => both[n]).join(', ')})::pg_catalog.record`;
  return [
    keyIs(shape, 't'),
    ...shape.set.map((column, i) => printsAs(`t.${identifier(column.name)}`, valueAt(shape, 's', i), column.base)),
    ...(others.length === 0 ? [] : [`${side(0)} OPERATOR(pg_catalog.*=) ${side(1)}`]),
  ].join(' AND ');
}

/** What became of a group that was updated at once. */
export interface Outcomes {
  /** Places of the records that stand as they were sent, with everything else as it was. */
  readonly asSent: readonly number[];
  /** The others: rows as `ANSWER_FROM` says, and what stood before as such rows too. */
  readonly others: readonly { readonly now: Row; readonly was: Row }[];
  /** Values of others are too long to be answered with so many. */
  readonly tooLong: boolean;
}

/** Reads the answer to {@link updateAtOnce}. */
export function outcomesIn([fine, ...others]: readonly Row[], { answer }: Shape): Outcomes {
  const places = fine?.[0] ?? '';
  const end = -answer.length || undefined;
  return {
    asSent: places === '' ? [] : places.split(',').map(Number),
    others: others.map((row) => ({ now: row.slice(0, end), was: [...row.slice(0, ANSWER_FROM), ...row.slice(ANSWER_FROM + answer.length)] })),
    tooLong: others.some((row) => row[3] === 't'),
  };
}
