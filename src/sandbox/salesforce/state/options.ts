import { refused } from '../failure.js';
import { optionsOf } from '../schema/field.js';
import { fieldOf } from '../schema/schema.js';
import type { Org } from './org.js';

/**
 * Changes the values of a picklist: what is not named is no longer active. Throws for a field that is no picklist, and
 * for values that are alike.
 */
export function setOptions(org: Org, object: string, name: string, options: readonly string[]): void {
  const type = org.schema.get(object);
  const field = fieldOf(type, name);
  if (field?.type !== 'picklist' && field?.type !== 'multipicklist') throw refused('INVALID_FIELD', `${object}.${name} is no picklist`, [name]);
  const inactive = field.picklistValues
    .filter(({ value }) => !options.includes(value))
    .map((each) => ({ ...each, active: false, defaultValue: false }));
  const all = [...options, ...inactive.map(({ value }) => value)];
  if (new Set(all.map((each) => each.toLowerCase())).size < all.length) throw refused('DUPLICATE_VALUE', 'Two values are alike', [name]);
  const fallback = field.picklistValues.find(({ defaultValue }) => defaultValue)?.value;
  org.schema.change(type.name, { ...field, picklistValues: [...optionsOf(options, fallback), ...inactive] });
  org.options = [...org.options.filter(([of, held]) => of !== type.name || held !== field.name), [type.name, field.name, options]];
}
