import type { Settings } from '../settings.js';
import type { EffectRow, TriggerRow } from './catalog.js';
import { both, type When, whenOf } from './plpgsql/conditions.js';
import { effectsOf } from './plpgsql/effects.js';

/** What the triggers of a table do, as far as that can be told without running them. */
export interface TriggerEffects {
  /**
   * Columns that a trigger sets on every write, whatever is written. `onCreate`: on creates too, so that no value can
   * be given then.
   */
  readonly stamps: ReadonlyMap<string, { readonly onCreate: boolean }>;
  /** One sentence a trigger. */
  readonly sentences: readonly string[];
  /** Something runs after the write and may change what stands. */
  readonly after: boolean;
}

const ROW = 1;
const BEFORE = 2;
const INSERT = 4;
const DELETE = 8;
const UPDATE = 16;

/** True where a trigger or rule runs under the session's replication role. */
export function fires(effect: EffectRow, settings: Settings): boolean {
  return effect.enabled === 'A' || (effect.enabled === 'R') === (settings.sessionReplicationRole === 'replica');
}

interface Known {
  readonly row: TriggerRow;
  /** Columns it sets on every update, by what is known of it. */
  readonly stamps: ReadonlySet<string>;
  /** The same on creates. */
  readonly created: ReadonlySet<string>;
  /** Columns that it may set from what is written. */
  readonly others: ReadonlySet<string>;
  readonly writes: readonly string[];
}

/**
 * Reads the triggers of one table. A column that is set by itself in one place and from what is written in another is
 * no stamp.
 */
export function triggerEffects(rows: readonly TriggerRow[], settings: Settings): TriggerEffects {
  const known = rows.filter((row) => fires(row, settings)).map(knownOf);
  const others = new Set(known.flatMap((each) => [...each.others]));
  const stamps = new Map<string, { onCreate: boolean }>();
  for (const each of known)
    for (const column of each.stamps) if (!others.has(column)) stamps.set(column, { onCreate: known.some(({ created }) => created.has(column)) });
  return {
    stamps,
    sentences: known.flatMap((each) => sentenceOf(each, stamps)),
    after: known.some(({ row }) => (row.type & BEFORE) === 0),
  };
}

function knownOf(row: TriggerRow): Known {
  const nothing = { row, stamps: new Set<string>(), created: new Set<string>(), others: new Set<string>(), writes: [] };
  if (row.language === 'c' || row.language === 'internal') return builtIn(row);
  if (row.language !== 'plpgsql') return nothing;
  const { assignments, writes } = effectsOf(row.source);
  // Only what runs before a record is written changes it; a trigger of one partition says nothing about the records of
  // others.
  if ((row.type & (BEFORE | ROW)) !== (BEFORE | ROW)) return { ...nothing, writes };
  const condition = row.definition === null ? undefined : /\bWHEN \((.*)\) EXECUTE (?:FUNCTION|PROCEDURE) /s.exec(row.definition)?.[1];
  const fired: When = row.definition === null ? { on: 'always' } : condition === undefined ? { on: 'unsure' } : whenOf(condition);
  const stamps = new Set<string>();
  const created = new Set<string>();
  const others = new Set<string>();
  for (const { column, when, ofItself } of assignments) {
    const { on, self } = both(fired, when);
    if (on === 'never') continue;
    const sure = on !== 'unsure' && (self === undefined || self === column) && row.whole;
    const updates = (row.type & UPDATE) !== 0 && on !== 'insert';
    if (!ofItself || !sure || (updates && row.ofColumns)) {
      if (updates) others.add(column);
      continue;
    }
    if (updates) stamps.add(column);
    if ((row.type & INSERT) !== 0 && on !== 'update') created.add(column);
  }
  return { row, stamps, created, others, writes };
}

/** Functions that come with PostgreSQL, by their arguments. */
function builtIn(row: TriggerRow): Known {
  const args = Buffer.from(row.args, 'hex').toString('utf8').split('\0');
  const first = new Set(args.slice(0, 1).filter((name) => name !== ''));
  const none = new Set<string>();
  const base = { row, stamps: none, created: none, others: none, writes: [] };
  const sure = (row.type & BEFORE) !== 0 && row.whole && !row.ofColumns && row.definition === null;
  if (!sure) return base;
  switch (row.source) {
    case 'moddatetime':
    case 'insert_username':
    case 'tsvector_update_trigger_byid':
    case 'tsvector_update_trigger_bycolumn':
      return { ...base, stamps: (row.type & UPDATE) === 0 ? none : first, created: (row.type & INSERT) === 0 ? none : first };
    default:
      return base;
  }
}

function sentenceOf({ row, stamps: mine, writes }: Known, stamps: TriggerEffects['stamps']): string[] {
  const events = [
    [INSERT, 'insert'],
    [UPDATE, 'update'],
    [DELETE, 'delete'],
  ] as const;
  const on = events.filter(([bit]) => (row.type & bit) !== 0).map(([, word]) => word);
  if (on.length === 0) return [];
  const when = (row.type & BEFORE) !== 0 ? 'before' : 'after';
  const set = [...mine].filter((column) => stamps.has(column));
  const sets = set.length === 0 ? '' : ` It sets ${set.join(', ')} by itself, which is neither compared nor restored.`;
  const also = writes.length === 0 ? '' : ` It writes to ${writes.join(', ')}.`;
  return [`Trigger ${row.name} runs ${row.calls ?? 'a function'} ${when} ${on.join(', ')}.${sets}${also}`];
}
