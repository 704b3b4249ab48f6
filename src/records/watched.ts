import { ownValue } from '../lib/index.js';
import type { FieldSchema, ObjectSchema, PlatformRecord, Value } from './record.js';

/**
 * Fields that nobody can write and by which people are harmed all the same: consent, and what else they are judged by.
 * They are compared and told, and put right by hand or through another API.
 */
export function watchedFields(schema: ObjectSchema | undefined): readonly FieldSchema[] {
  return schema?.fields.filter((field) => field.readOnly && (field.optedOut !== undefined || field.byHand !== undefined)) ?? [];
}

/** What a record holds in a field, whether it could be written when it was read or not. */
export function valueIn(record: Pick<PlatformRecord, 'fields' | 'meta'>, name: string): Value | undefined {
  return ownValue(record.fields, name) ?? ownValue(record.meta, name);
}
