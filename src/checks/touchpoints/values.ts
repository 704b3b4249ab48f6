import { carried, edgeValues, stored } from '../../mappings/index.js';
import type { Fields, Value } from '../../records/index.js';
import type { Submission } from '../load/facts.js';
import type { TestedField, TestedSides } from './facts.js';

/** Every so manyth record leaves a field empty, another one for each record. */
const EMPTY_EVERY = 7;

/**
 * The values of each record that a test creates: every field at its edges, each with every option, some of them empty. Only values that both
 * sides can hold: what does not fit is for `mapping lint` to tell. The same everywhere and every time but for the marker.
 */
export function valuesOf({ fields, from, marker, nonce }: TestedSides, records: readonly Submission[], edge: boolean): readonly Fields[] {
  const candidates = fields.map((tested) => candidatesOf(tested, from, edge));
  return records.map(({ n, person, nonce: mark }) => {
    const values: Record<string, Value> = {};
    for (const [index, { field, from: schema, to }] of fields.entries()) {
      const name = field.names[from];
      if (name === marker[0]) values[name] = person;
      else if (name === nonce?.[0]) values[name] = mark;
      else if (schema.unique === true || to.unique === true) continue;
      else {
        const fit = candidates[index] ?? [];
        const isEmpty = schema.required !== true && field.blank !== 'refuse' && (n + index) % EMPTY_EVERY === EMPTY_EVERY - 1;
        const value = fit[(n + index) % Math.max(1, fit.length)];
        if (value !== undefined && !isEmpty) values[name] = value;
      }
    }
    return values;
  });
}

/** Values of one field that both sides can hold. */
export function candidatesOf({ field, from: source, to }: TestedField, side: TestedSides['from'], edge: boolean): readonly Value[] {
  const types = side === 0 ? ([source.type, to.type] as const) : ([to.type, source.type] as const);
  // What is short where it arrives is an edge of what is written here.
  const narrow = to.maxLength === undefined || source.type !== 'string' ? [] : edgeValues({ ...source, maxLength: to.maxLength }, field);
  const edges = [...new Set([...edgeValues(source, field), ...narrow])];
  const all = edges.filter((value) => {
    if (isBlankText(value) || stored(source, value) === undefined || !fits(value, source.maxLength)) return false;
    const wanted = carried(field, side, value, types);
    return 'write' in wanted && wanted.write !== null && stored(to, wanted.write) !== undefined && fits(wanted.write, to.maxLength);
  });
  // The plain ones come first in the list of each type.
  return edge ? all : all.slice(0, Math.max(1, source.options?.length ?? 1));
}

const isBlankText = (value: Value): boolean => typeof value === 'string' && value.trim() === '';
const fits = (value: Value, length: number | undefined): boolean => length === undefined || typeof value !== 'string' || value.length <= length;
