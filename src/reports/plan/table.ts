import { defined } from '../../lib/index.js';
import type { Value } from '../../records/index.js';
import type { PlanChange, PlanLine } from '../../restores/index.js';
import { Placeholders } from '../incident/personal.js';
import type { RecordLook } from '../types.js';
import { type ChangedCell, cellsOf } from './groups.js';

/** Heads of the columns of {@link planRows}. */
export const PLAN_COLUMNS = [
  'line',
  'what',
  'object',
  'key',
  'name',
  'address',
  'page',
  'field',
  'now',
  'will be',
  'before the damage',
  'damaged',
  'why',
  'written by',
  'written at',
] as const;

export type PlanRow = readonly (Value | undefined)[];

/** What rows are made with: how records are known, and whether values are shown. */
export interface RowOptions {
  readonly looks: (object: string, key: string) => RecordLook;
  /** Replaces values by placeholders; absent: they are shown. */
  readonly hide?: Placeholders;
}

/**
 * Lines of a plan as rows of a table, one a value: every change in the order of application (number, action), and every
 * conflict (its code). Of a link, the other end stands where the value does.
 */
export function planRows(lines: readonly PlanLine[], { looks, hide }: RowOptions): readonly PlanRow[] {
  const value = (one: unknown): Value | undefined => (one === undefined || hide === undefined ? one : hide.value(one)) as Value | undefined;
  const word = (one: string | undefined): string | undefined => (one === undefined || hide === undefined ? one : hide.word(one));
  // A key, and what is made of it, may be an address.
  const id = (one: string): string => (hide === undefined ? one : hide.text(one, true));
  const known = (object: string, key: string): PlanRow => {
    const { name, address, page } = looks(object, key);
    return [
      object,
      id(key),
      word(name),
      word(address),
      page === undefined || id(decodeURIComponent(page)) === decodeURIComponent(page) ? page : undefined,
    ];
  };
  return lines.flatMap((line): readonly PlanRow[] => {
    if (line.kind === 'conflict') {
      const { code, object, key, field, base, damaged, live, message, attribution } = line;
      // What the plan says in words may name values.
      const why = hide === undefined ? message : undefined;
      return [
        ['', code, ...known(object, key), field, value(live), undefined, value(base), value(damaged), why, attribution?.writer, attribution?.at],
      ];
    }
    const record = 'link' in line ? line.from : line;
    const end = 'link' in line ? `${line.to.object} ${id(line.to.key)}` : undefined;
    return [...cellsOf(line), ...heldBy(line)].map(({ field, now, willBe, writer, at }) => [
      line.n,
      line.action,
      ...known(record.object, record.key),
      field,
      line.action === 'unlink' ? end : value(now),
      line.action === 'link' ? end : value(willBe),
      undefined,
      undefined,
      line.why,
      writer,
      at,
    ]);
  });
}

/** What a record holds that is created again, brought back or deleted. */
function heldBy(change: PlanChange): readonly ChangedCell[] {
  if ('link' in change || change.action === 'update') return [];
  const { writer, at } = change.attribution;
  return Object.entries(change.fields).map(([field, { from, to }]) => ({ field, ...defined({ now: from, willBe: to, writer, at }) }));
}

/** Placeholders for one table: the same value gets the same one throughout. */
export const placeholders = (): Placeholders => new Placeholders();
