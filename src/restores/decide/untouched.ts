import { type Cell, sameForm, setOwn, type Fields, type FormOf, type Value } from '../../records/index.js';
import type { FieldMove } from '../types.js';
import { attributeField } from './attribution.js';
import { fieldOf, moveOf, refused } from './conflicts.js';
import type { DecideContext } from './context.js';
import { whyWritten } from './fields.js';
import type { RecordDraft } from './order.js';
import { uniquesOf } from './unique.js';

/** The update of a record that differs so, if it still holds what it held when it was damaged: for {@link holdsStill} to say. */
export type Untouched = (key: string, cells: readonly Cell[]) => RecordDraft | undefined;

/**
 * The short way for what most of a mass damage is: a record of which nothing is told but its three sides, that nobody has touched
 * since the damage where it was harmed, and that was harmed in fields about which nothing else has to be known (what they may hold,
 * who opted out, what belongs together, is unique, is set along or is a link). Its change is the very one that `decideRecord` comes
 * to; everything else gives undefined, and is decided there. Undefined where no record can be decided so.
 */
export function untouchedBy(context: DecideContext): Untouched | undefined {
  const { filters, suspicion, liveSchema } = context;
  if (context.where !== undefined || context.isChosen !== undefined || context.since !== undefined || (context.watched?.length ?? 0) > 0)
    return undefined;
  const attribution = attributeField(suspicion, undefined, '', undefined, false);
  if (refused(filters, suspicion, attribution)) return undefined;
  const why = whyWritten(suspicion, attribution);
  const { object } = liveSchema;
  const formsOf = simpleFields(context);
  return (key, cells) => {
    const fields: Record<string, FieldMove> = {};
    for (const { name, a, b } of cells) {
      const forms = formsOf.get(name);
      if (forms === undefined || !isPlain(a) || !isPlain(b) || sameForm(a, b, forms)) return undefined;
      setOwn(fields, name, moveOf(b, a));
    }
    return cells.length === 0 ? undefined : { action: 'update', attribution, fields, key, object, why };
  };
}

/** True where a record holds what it held when it was damaged, wherever it was. */
export function holdsStill(live: Fields, cells: readonly Cell[]): boolean {
  // What every object inherits is never such a value.
  return cells.every(({ name, b }) => live[name] === b);
}

/** The fields in which two records differ, where both have the same ones and none of those holds a list or an object. */
export function cellsOf(base: Fields, damaged: Fields): readonly Cell[] | undefined {
  const names = Object.keys(damaged);
  if (Object.keys(base).length !== names.length) return undefined;
  const cells: Cell[] = [];
  for (const name of names) {
    const [a, b] = [base[name], damaged[name]];
    if (a === b) continue;
    if (!isPlain(a) || !isPlain(b)) return undefined;
    cells.push({ name, a, b });
  }
  return cells;
}

/** A value that equals another one only where it is the same, but for its form. */
function isPlain(value: Value | undefined): value is Value {
  return typeof value === 'string' || value === null || typeof value === 'number' || typeof value === 'boolean';
}

/** Fields that go back by themselves whatever they hold, with how they are described now and in the base. */
function simpleFields({ filters, liveSchema, baseSchema }: DecideContext): ReadonlyMap<string, readonly FormOf[]> {
  const shared = new Set(uniquesOf(liveSchema).flatMap(({ fields, when = [] }) => (fields.length + when.length > 1 ? [...fields, ...when] : [])));
  const simple = new Map<string, readonly FormOf[]>();
  for (const field of liveSchema.fields) {
    const { name, type } = field;
    const before = fieldOf(baseSchema, name);
    const isAsked = filters.fields?.includes(name) !== false && filters.exceptFields?.includes(name) !== true;
    const isChosen = type === 'set' || (type === 'enum' && field.options !== undefined);
    const isTied = field.group !== undefined || field.viaLink !== undefined || field.setsAlso !== undefined || shared.has(name);
    const isGuarded = field.guarded !== undefined || field.optedOut !== undefined;
    const isMoved = field.readOnly || field.setByItself === true || field.forwardOnly === true;
    if (before?.type === type && isAsked && !isChosen && !isTied && !isGuarded && !isMoved) simple.set(name, [field, before]);
  }
  return simple;
}
