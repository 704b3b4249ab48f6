import type { RestoreSummary } from '../types.js';
import type { Batches } from './batches.js';

/** Lines of a tally that are kept, one for each field; there are rarely more than a handful. */
const MOST = 100;

type Tally = Pick<RestoreSummary, 'beside' | 'besideBy' | 'fieldsLeft' | 'fieldsLeftBy' | 'ownFormBy' | 'altered' | 'alteredBy'>;

/**
 * What a restore could not write, what the platform changed beside it, what it keeps in a form of its own, and what it
 * altered, counted by object type and field; nothing where there is none.
 */
export function tallyOf(batches: Batches): Tally {
  const beside = new Map<string, { object: string; field: string; count: number; key: string }>();
  const besides = (object: string, field: string, key: string): void => {
    const name = JSON.stringify([object, field]);
    const line = beside.get(name) ?? { object, field, count: 0, key };
    beside.set(name, { ...line, count: line.count + 1 });
  };
  for (const { object, key, moves } of batches.beside.values()) for (const field of Object.keys(moves)) besides(object, field, key);
  for (const { link, fromObject, toObject, from } of batches.made.links) besides(`${fromObject} to ${toObject}`, link, from);
  for (const { object, key } of batches.made.records) besides(object, '', key);
  const left = new Map<string, { object: string; field: string; count: number; message: string }>();
  for (const { object, fields } of batches.refused.values())
    for (const { field, message } of fields) {
      const name = JSON.stringify([object, field]);
      const line = left.get(name) ?? { object, field, count: 0, message };
      left.set(name, { ...line, count: line.count + 1 });
    }
  const ownForm = new Map<string, { object: string; field: string; count: number }>();
  const altered: typeof ownForm = new Map();
  for (const [id, fields] of batches.stored)
    for (const field of Object.keys(fields)) {
      const object = batches.storedOf.get(id) ?? '';
      const name = JSON.stringify([object, field]);
      const tally = batches.altered.get(id)?.includes(field) === true ? altered : ownForm;
      tally.set(name, { object, field, count: (tally.get(name)?.count ?? 0) + 1 });
    }
  const sum = (lines: Iterable<{ readonly count: number }>): number => [...lines].reduce((total, { count }) => total + count, 0);
  return {
    ...(beside.size === 0 ? {} : { beside: sum(beside.values()), besideBy: [...beside.values()].slice(0, MOST) }),
    ...(ownForm.size === 0 ? {} : { ownFormBy: [...ownForm.values()].slice(0, MOST) }),
    ...(altered.size === 0 ? {} : { altered: sum(altered.values()), alteredBy: [...altered.values()].slice(0, MOST) }),
    ...(left.size === 0 ? {} : { fieldsLeft: sum(left.values()), fieldsLeftBy: [...left.values()].slice(0, MOST) }),
  };
}
