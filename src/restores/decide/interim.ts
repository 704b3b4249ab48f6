import { createHash } from 'node:crypto';

import { ownValue, type FieldSchema, type ObjectSchema, type UniqueSchema, type Value } from '../../records/index.js';
import { fieldOf } from './conflicts.js';
import type { RecordDraft } from './order.js';

/** A value that a record holds for a while, so that others can have its unique value. */
export interface Interim {
  readonly field: string;
  readonly value: Value;
}

/**
 * What a record can hold for a while instead of a unique value: nothing where the field may be empty, else a value of
 * the same type that cannot be anybody's. Undefined where there is no such value. `carries`: the field carries a link,
 * so that only nothing will do.
 */
export function interimOf(schema: ObjectSchema, unique: UniqueSchema, draft: RecordDraft, carries: (field: string) => boolean): Interim | undefined {
  const changed = (name: string): boolean => ownValue(draft.fields, name) !== undefined;
  const names = [...unique.fields].sort((a, b) => Number(changed(b)) - Number(changed(a)));
  const candidates = names.flatMap((name) => {
    const field = fieldOf(schema, name);
    const now = ownValue(draft.fields, name)?.from ?? ownValue(draft.stays ?? {}, name);
    return field === undefined || field.readOnly || now === undefined || now === null ? [] : [{ name, field, now }];
  });
  for (const { name, field } of candidates) if (field.required !== true && unique.emptyCounts !== true) return { field: name, value: null };
  for (const { name, field, now } of candidates) {
    const value = carries(name) ? undefined : strangeValue(field, now, `${draft.object}\n${draft.key}\n${name}`);
    if (value !== undefined) return { field: name, value };
  }
  return undefined;
}

/**
 * A value that fits a field and that nobody chose. The same for the same record and value, so that a plan can be made
 * again.
 */
function strangeValue(field: FieldSchema, now: Value, seed: string): Value | undefined {
  const digest = createHash('sha256')
    .update(`${seed}\n${JSON.stringify(now)}`)
    .digest('hex');
  const number = (below: number): number => Number.parseInt(digest.slice(0, 12), 16) % below;
  switch (field.type) {
    case 'string':
      return typeof now === 'string' ? strangeText(field, now, digest) : undefined;
    case 'integer':
      return /small/.test(field.platformType) ? 30_000 + number(2_767) : 2_000_000_000 + number(147_000_000);
    case 'number':
      return strangeNumber(field.platformType, digest);
    case 'bytes':
      return typeof now === 'string' && now.startsWith('\\x') ? `\\x${digest}` : undefined;
    case 'date':
    case 'datetime':
      // The same day and time in a far year: always a date, in the form that the platform prints.
      return typeof now === 'string' && /^\d{4}-/.test(now) ? `${3_000 + number(6_999)}${now.slice(4).replace(/^-02-29/, '-02-28')}` : undefined;
    case 'boolean':
    case 'enum':
    case 'set':
    case 'json':
    case 'time':
    case 'other':
    default:
      return undefined;
  }
}

function strangeText(field: FieldSchema, now: string, digest: string): string {
  if (field.platformType === 'uuid')
    return [digest.slice(0, 8), digest.slice(8, 12), `4${digest.slice(13, 16)}`, `8${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
  const room = field.maxLength ?? 255;
  // Of the person's own: their consent holds for it, and a platform that looks at addresses takes it.
  const [, name = '', host = ''] = /^([^@+]+)[^@]*@(.+)$/.exec(now) ?? [];
  if (field.platformType === 'email' && host !== '') return `${name.slice(0, 35)}+runback-${digest.slice(0, 20)}@${host}`;
  const address = `runback-${digest.slice(0, 20)}@example.com`;
  if (now.includes('@') && address.length <= room) return address;
  const text = `runback-${digest.slice(0, 32)}`;
  // Too short for the word: the digest alone, in as many letters as there is room for.
  return text.length <= room ? text : BigInt(`0x${digest}`).toString(36).slice(0, room);
}

function strangeNumber(platformType: string, digest: string): string | undefined {
  if (/^(real|double|float)/.test(platformType)) return undefined;
  const digits = BigInt(`0x${digest}`).toString().slice(0, 17);
  if (platformType.startsWith('bigint')) return `9${digits}`;
  const [, precision, scale] = /^numeric\((\d+)(?:,(-?\d+))?\)$/.exec(platformType) ?? [];
  if (precision === undefined) return platformType.startsWith('oid') ? `4${digits.slice(0, 8)}` : `9${digits}`;
  const after = Number(scale ?? 0);
  const before = Math.min(Number(precision) - Math.max(after, 0), 18);
  if (before < 3 || after < 0) return undefined;
  return `9${digits.slice(0, before - 1)}${after === 0 ? '' : `.${'0'.repeat(after)}`}`;
}
