import type { ListMembership } from '../../connectors/index.js';
import { type Fields, type ObjectSchema, type PlatformRecord, ownValue, sameValue, type Value } from '../../records/index.js';
import type { Canary, CanaryPlace } from './canary.js';
import type { Objection } from './fit.js';

/** What was read of a record just now; `lists` undefined where the platform has none for such records. */
export interface SeenRecord {
  readonly record: PlatformRecord | undefined;
  readonly lists: readonly ListMembership[] | undefined;
}

const at = ({ platform, object, key }: CanaryPlace): string => `${platform}/${object} ${key}`;

/** Why the record may not be written to. Pure; values stand in no message. */
export function unsafeBecause(canary: Canary, schema: ObjectSchema, { record, lists }: SeenRecord): Objection | undefined {
  const { from, knownBy, holds } = canary;
  if (record === undefined) return { because: 'record-gone', why: `${at(from)} is not there any longer.` };
  if (record.key !== from.key) return { because: 'not-the-record', why: `${at(from)} leads to another record now.` };
  const other = differing(record, knownBy);
  if (other !== undefined) return { because: 'not-the-record', why: `${at(from)} does not hold the ${other} that is declared for the canary.` };
  const held = differing(record, holds);
  if (held !== undefined) return { because: 'subscribed', why: `${at(from)} does not hold the ${held} that says that nobody is mailed.` };
  const hasConsent = schema.fields.some(({ optedOut }) => optedOut !== undefined);
  if (!hasConsent && Object.keys(holds).length === 0)
    return {
      because: 'unreadable',
      why: `${from.platform} tells no consent of ${from.object}, and the canary names no field under holds that does.`,
    };
  return consentOf(from, schema, record) ?? listed(from, lists);
}

/** The same for its copy: it is changed by the sync, so nobody may be mailed because of it either. */
export function unsafeCopy(canary: Canary, schema: ObjectSchema, { record, lists }: SeenRecord): Objection | undefined {
  const { to } = canary;
  if (record === undefined) return { because: 'copy-gone', why: `${at(to)}, the copy, is not there any longer.` };
  return consentOf(to, schema, record) ?? listed(to, lists);
}

function differing(record: PlatformRecord, wanted: Fields): string | undefined {
  return Object.keys(wanted).find((name) => !isHeld(valueOf(record, name), wanted[name]));
}

/** A file says 5 and true; a platform may hold the same as text. */
function isHeld(value: Value | undefined, wanted: Value | undefined): boolean {
  if (sameValue(value, wanted)) return true;
  const isPlain = typeof wanted === 'number' || typeof wanted === 'boolean';
  return isPlain && typeof value === 'string' && value === String(wanted);
}

const valueOf = ({ fields, meta }: PlatformRecord, name: string): Value | undefined => ownValue(fields, name) ?? ownValue(meta, name);

const isEmpty = (value: Value | undefined): boolean => value === undefined || value === null || value === '';

/** Every field of consent that holds anything has to say no, and one has to say it. */
function consentOf(place: CanaryPlace, { fields }: ObjectSchema, record: PlatformRecord): Objection | undefined {
  const consent = fields.filter(({ optedOut }) => optedOut !== undefined);
  if (consent.length === 0) return undefined;
  const saysNo = ({ name, optedOut = [] }: ObjectSchema['fields'][number]): boolean =>
    optedOut.some((value) => sameValue(value, valueOf(record, name)));
  const yes = consent.find((field) => !isEmpty(valueOf(record, field.name)) && !saysNo(field));
  if (yes !== undefined) return { because: 'subscribed', why: `${at(place)} is not unsubscribed: ${yes.name} does not say so.` };
  if (consent.some(saysNo)) return undefined;
  return { because: 'subscribed', why: `${at(place)} is not unsubscribed: none of ${consent.map(({ name }) => name).join(', ')} says so.` };
}

function listed(place: CanaryPlace, lists: readonly ListMembership[] | undefined): Objection | undefined {
  const [first, ...others] = lists ?? [];
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : `, and on ${String(others.length)} more`;
  return { because: 'on-list', why: `${at(place)} is on list ${first.name ?? first.id}${more}.` };
}
