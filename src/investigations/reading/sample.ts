import type { ObjectSchema } from '../../records/index.js';
import { findGroups } from '../groups/find-groups.js';
import { kindOf } from '../labels/kind.js';
import { LABEL_POINTS, THRESHOLDS } from '../thresholds.js';
import type { Appeared, Cell, ChangedCell, Evidence } from '../types.js';
import type { ChangedRecord } from './changes.js';
import { everyFew } from './every-few.js';
import type { KeptPast } from './past.js';
import type { ToldCells } from './told-cells.js';

/** What is known already, to judge samples by. */
interface Known {
  readonly past: Pick<KeptPast, 'all'>;
  readonly created: readonly Appeared[];
  readonly each: ReadonlyMap<string, number>;
  readonly fromMs: number;
  readonly rows: number;
  readonly days: number;
  readonly own: string | undefined;
  /** True for what a person started from: it, and all of its field and kind, is asked for. */
  readonly isStart: (key: string, field: string, after: Cell) => boolean;
}

/**
 * Asks for the history of samples first: of each field and kind of change so many records, and all of those whose values
 * alone look wrong or that a person started from. Where nothing in a sample is more than ordinary work, the rest of it is not asked for. Gives the
 * number of records asked for.
 */
export async function keysToAsk(
  schema: ObjectSchema,
  changed: readonly ChangedRecord[],
  told: Pick<ToldCells, 'of'>,
  ask: (keys: readonly string[]) => Promise<void>,
  known: Known,
): Promise<number> {
  const strata = strataOf(schema, changed, known);
  const first = new Set<string>();
  for (const { keys, odd } of strata.values()) for (const key of odd ? keys : everyFew(keys, THRESHOLDS.sample)) first.add(key);
  await ask([...first]);
  if (first.size === changed.length) return first.size;
  const suspicious = suspiciousIn(schema, changed, told, known);
  const second = new Set<string>();
  for (const [name, { keys }] of strata) if (suspicious.has(name)) for (const key of keys) second.add(key);
  await ask([...second]);
  return first.size + second.size;
}

interface Stratum {
  readonly keys: string[];
  odd: boolean;
}

function strataOf(schema: ObjectSchema, changed: readonly ChangedRecord[], known: Known): ReadonlyMap<string, Stratum> {
  const cells = changed.flatMap(({ key, cells: some }) => some.map((cell) => ({ key, ...cell })));
  const strata = new Map<string, Stratum>();
  for (const cell of cells) {
    const name = stratumOf(schema, cell.field, cell, known.fromMs);
    const stratum = strata.get(name) ?? { keys: [], odd: false };
    stratum.keys.push(cell.key);
    stratum.odd ||= known.isStart(cell.key, cell.field, cell.after);
    strata.set(name, stratum);
  }
  // What the values alone tell, as if there were no history.
  const evidence: Evidence = {
    ...evidenceWith(
      schema,
      cells.map((cell) => valuesOnly(schema.object, cell)),
      known,
    ),
    history: false,
    past: { writes: [], days: 0, each: new Map(), created: [], spells: [] },
  };
  for (const group of findGroups(evidence))
    if (LABEL_POINTS[group.label] > 0)
      for (const member of group.members) {
        const name = `${member.field} ${group.label}`;
        const stratum = strata.get(name) ?? { keys: [], odd: true };
        stratum.odd = true;
        stratum.keys.push(member.key);
        strata.set(name, stratum);
      }
  return strata;
}

function stratumOf(schema: ObjectSchema, field: string, { before, after }: ChangedRecord['cells'][number], sinceMs: number): string {
  const described = schema.fields.find(({ name }) => name === field);
  return `${field} ${kindOf({ before, after }, described, sinceMs, Number.MAX_SAFE_INTEGER)}`;
}

function valuesOnly(
  object: string,
  { key, field, before, after, movedFrom }: { readonly key: string } & ChangedRecord['cells'][number],
): ChangedCell {
  return { object, key, field, base: before, now: after, writes: [{ before, after, spell: 0 }], ...(movedFrom === undefined ? {} : { movedFrom }) };
}

function evidenceWith(schema: ObjectSchema, cells: readonly ChangedCell[], { past, created, each, fromMs, rows, days, own }: Known): Evidence {
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  return {
    cells,
    appeared: [],
    past: { writes: past.all(), days, each, created, spells: [] },
    schemaOf: (object, field) => (object === schema.object ? fields.get(field) : undefined),
    fromMs,
    toMs: cells.reduce((latest, { writes }) => Math.max(latest, writes.at(-1)?.atMs ?? 0), fromMs),
    rows: new Map([[schema.object, rows]]),
    syncs: [],
    history: true,
    ...(own === undefined ? {} : { own }),
  };
}

/** Strata in which the history of a sample shows something that is not ordinary work. */
function suspiciousIn(schema: ObjectSchema, changed: readonly ChangedRecord[], told: Pick<ToldCells, 'of'>, known: Known): ReadonlySet<string> {
  const sampled = changed.flatMap(({ key }) => told.of(key) ?? []);
  const byKey = new Map(changed.map((one) => [one.key, one.cells]));
  const names = new Set<string>();
  for (const { verdict, members } of findGroups(evidenceWith(schema, sampled, known)))
    if (verdict !== 'ordinary')
      for (const { field, key } of members) {
        const cell = byKey.get(key)?.find((one) => one.field === field);
        if (cell !== undefined) names.add(stratumOf(schema, field, cell, known.fromMs));
      }
  return names;
}
