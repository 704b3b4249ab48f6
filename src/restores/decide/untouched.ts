import { sameForm, setOwn, type Fields, type FormOf, type Value } from '../../records/index.js';
import type { FieldMove } from '../types.js';
import { attributeField } from './attribution.js';
import { fieldOf, moveOf, refused } from './conflicts.js';
import type { DecideContext } from './context.js';
import { whyWritten } from './fields.js';
import type { RecordDraft } from './order.js';
import { uniquesOf } from './unique.js';

/** A record that is there on all three sides. */
export interface Present {
  readonly key: string;
  readonly base: Fields;
  readonly damaged: Fields;
  readonly live: Fields;
}

/** The update of a record, where that is all there is to it. */
export type Untouched = (record: Present) => RecordDraft | undefined;

/**
 * The short way for what most of a mass damage is: a record of which nothing is told but its three sides, that nobody has touched
 * since the damage, and that was harmed in fields about which nothing else has to be known (what they may hold, who opted out, what
 * belongs together, is unique, is set along or is a link). Its change is the very one that `decideRecord` comes to; everything
 * else gives undefined, and is decided there. Undefined where no record can be decided so.
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
  return ({ key, base, damaged, live }) => {
    const names = Object.keys(damaged);
    if (Object.keys(base).length !== names.length || Object.keys(live).length !== names.length) return undefined;
    let fields: Record<string, FieldMove> | undefined;
    for (const name of names) {
      const now = damaged[name];
      if (live[name] !== now) return undefined;
      const before = base[name];
      if (before === now) continue;
      const forms = formsOf.get(name);
      if (forms === undefined || !isPlain(before) || !isPlain(now) || sameForm(before, now, forms)) return undefined;
      setOwn((fields ??= {}), name, moveOf(now, before));
    }
    return fields === undefined ? undefined : { action: 'update', attribution, fields, key, object, why };
  };
}

/** A value that equals another one only where it is the same, but for its form. */
function isPlain(value: Value | undefined): boolean {
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
