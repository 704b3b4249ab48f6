import type { Inlines } from '../document/index.js';
import type { ShownRecord } from './types.js';

/** `Ann Lee <ann@example.com>, contacts 104`, with the page that opens it. */
export function recordInlines({ object, key, name, address, page }: ShownRecord): Inlines {
  const called = name === undefined ? (address ?? '') : address === undefined ? name : `${name} <${address}>`;
  return [...(called === '' ? [] : [`${called}, `]), `${object} `, page === undefined ? { code: key } : { link: page, text: key }];
}

/** A value of a record as people read it; what is not there says so. */
export function shownValue(value: unknown): string {
  if (value === undefined) return '(absent)';
  if (value === null) return '(null)';
  if (value === '') return '(empty)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
