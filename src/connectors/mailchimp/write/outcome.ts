import { type Fields, type FieldSchema, type ObjectSchema, ownValue, type PlatformRecord, sameValue, type Value } from '../../../records/index.js';
import type { MutationResult } from '../../connector.js';
import { rejection } from '../../http/batch.js';
import { memberRecord } from '../read/record.js';
import { ARCHIVED, type WireMember } from '../wire/shapes.js';

/** An update, or a create where there is nothing to expect. */
export interface Sent {
  readonly schema: ObjectSchema;
  readonly set: Fields;
  readonly expect?: Fields;
}

/**
 * What became of a member that Mailchimp answers with, whole. A value that is neither what was sent nor what stood before is the
 * platform's own form of it; one that stood before was not taken.
 */
export function outcome({ schema, set, expect }: Sent, member: WireMember): MutationResult {
  const key = member.contact_id;
  if (member.status === ARCHIVED) return rejection('deleted-later', 'This member is in the archive');
  const record = memberRecord(schema, member);
  const kept = differing(schema, set, record).filter(
    ({ name }) => expect !== undefined && sameValue(orNull(ownValue(expect, name)), orNull(record.fields[name])),
  );
  if (kept.length === 0) return { status: 'applied', key, record };
  const names = kept.map(({ name }) => name);
  return rejection('rejected', `Mailchimp reported success, but ${names.join(', ')} did not change`, undefined, names);
}

/** Fields that are not as they were sent. */
export function differing({ fields }: ObjectSchema, set: Fields, record: PlatformRecord): readonly FieldSchema[] {
  return fields.filter((field) => {
    const value = ownValue(set, field.name);
    return value !== undefined && !isSame(field, value, record.fields[field.name]);
  });
}

/** True where two values are one in two forms: nothing and empty, 1.50 and 1.5, an address in letters of another case. */
export function isSame(field: FieldSchema, sent: Value, now: Value | undefined): boolean {
  const [a, b] = [orNull(sent), orNull(now)];
  if (sameValue(a, b)) return true;
  if (field.type === 'boolean') return (a === true) === (b === true);
  return field.type === 'number' && a !== null && b !== null && Number(a) === Number(b);
}

function orNull(value: Value | undefined): Value {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0) ? null : value;
}
