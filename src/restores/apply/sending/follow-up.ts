import type { PlatformSchema } from '../../../connectors/index.js';
import { ownValue, setOwn, type Fields, type Value } from '../../../records/index.js';
import { fieldsAfter } from '../../records/item-ids.js';
import { type Beside, type ItemResult, type JournalItem, type RefusedField } from '../../records/items.js';
import { schemaOf } from '../../records/platform-items.js';
import { lengthOf, type PlanStep } from './batching.js';

/** Rejections that say more than that one field is not taken: whose value it is, or what has to be there first. */
const MAY_PASS = new Set(['unique-taken', 'parent-missing']);

/**
 * Items of which the platform refused some fields, without these and the fields that are decided together with them.
 * Items of which nothing would be left are not given, nor records that would be created without a value that another
 * record holds: they may be that record. `last`: no other change of the plan can make the platform take the field any
 * more.
 */
export function withoutRefused(schema: PlatformSchema, items: readonly JournalItem[], results: readonly ItemResult[], last: boolean): JournalItem[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  return items.flatMap((item): JournalItem[] => {
    const result = byId.get(item.id);
    if ((item.action !== 'update' && item.action !== 'create') || result?.status !== 'rejected' || result.fields === undefined) return [];
    if (result.reason !== undefined && MAY_PASS.has(result.reason) && (!last || item.action === 'create')) return [];
    const { fields } = schemaOf(schema, item.object);
    const groupOf = (name: string): string => fields.find((field) => field.name === name)?.group ?? `field ${name}`;
    const groups = new Set(result.fields.map(groupOf));
    const names = Object.keys(item.set).filter((name) => groups.has(groupOf(name)));
    const keeps = item.action === 'update' ? (item.keeps ?? []) : [];
    const rest = Object.keys(item.set).filter((name) => !names.includes(name) && !keeps.includes(name));
    const required =
      item.action === 'create' && fields.some((field) => names.includes(field.name) && field.required === true && field.filledOnCreate !== true);
    if (names.length === 0 || rest.length === 0 || required) return [];
    const refused: RefusedField[] = names.map((field) => ({
      field,
      reason: result.reason ?? 'rejected',
      message: result.message ?? 'the platform refused it',
    }));
    const more = { set: without(item.set, names), refused: [...(item.refused ?? []), ...refused] };
    return [item.action === 'create' ? { ...item, ...more } : { ...item, ...more, replaced: without(item.replaced, names) }];
  });
}

/** The update that puts back what the platform set by itself. */
export function fillStep({ id, object, key, moves }: Beside): PlanStep {
  const set: Record<string, Value> = {};
  const replaced: Record<string, Value> = {};
  for (const [name, { from, to }] of Object.entries(moves)) {
    setOwn(set, name, from ?? null);
    setOwn(replaced, name, to ?? null);
  }
  return {
    id: fieldsAfter(id),
    group: `update ${object}`,
    action: 'update',
    length: lengthOf(moves),
    resolve: () => ({ id: fieldsAfter(id), action: 'update', object, key, set, replaced }),
  };
}

function without(fields: Fields, names: readonly string[]): Fields {
  const rest: Record<string, Value> = {};
  for (const name of Object.keys(fields)) if (!names.includes(name)) setOwn(rest, name, ownValue(fields, name) ?? null);
  return rest;
}
