import { visible } from '../../../lib/index.js';

export { visible, visibleLines } from '../../../lib/index.js';

/**
 * A record's value for people: text in quotes only where its edges would be lost, and absent, null and empty told
 * apart.
 */
export function showValue(value: unknown): string {
  if (value === undefined) return '(absent)';
  if (value === null) return '(null)';
  if (value === '') return '(empty)';
  if (typeof value === 'string') return /^\s|\s$/u.test(value) ? `"${visible(value)}"` : visible(value);
  if (Array.isArray(value)) return value.length === 0 ? '(empty set)' : `{${value.map(showValue).join(', ')}}`;
  return visible(JSON.stringify(value));
}

/** Any value as text, not yet made safe to print: texts as they are, the rest as JSON. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
