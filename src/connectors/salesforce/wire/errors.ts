import type { RejectReason } from '../../connector.js';
import type { Refusal } from '../../http/batch.js';

/** One error of an answer, or of one record in it. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
}

/** The errors in the body of an answer, which is a list also where there is one; those of a record have `statusCode`. */
export function codesIn(body: unknown): readonly WireError[] {
  const errors: readonly unknown[] = Array.isArray(body) ? body : [body];
  return errors.flatMap((error): WireError[] => {
    if (typeof error !== 'object' || error === null) return [];
    const { errorCode, statusCode, message, fields } = error as Readonly<Record<string, unknown>>;
    const code = typeof statusCode === 'string' ? statusCode : errorCode;
    if (typeof code !== 'string') return [];
    return [
      {
        code,
        message: typeof message === 'string' ? message : code,
        fields: Array.isArray(fields) ? fields.filter((field): field is string => typeof field === 'string') : [],
      },
    ];
  });
}

/** Nothing was done, and what stands in the way passes. */
const LATER: ReadonlySet<string> = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'REQUEST_RUNNING_TOO_LONG',
  'EXCEEDED_MAX_SEMI_JOIN_SUBSELECTS',
  'QUERY_TIMEOUT',
  'TXN_SECURITY_RUNTIME_EXCEPTION',
]);

/** Whether a record can be sent again after a wait. */
export function isLater({ code }: WireError): boolean {
  return LATER.has(code);
}

const REASONS: Readonly<Record<string, RejectReason>> = {
  DUPLICATE_VALUE: 'unique-taken',
  DUPLICATE_EXTERNAL_ID: 'unique-taken',
  ENTITY_IS_DELETED: 'deleted-later',
  NOT_FOUND: 'deleted-later',
  INVALID_FIELD: 'field-removed',
  INVALID_FIELD_FOR_INSERT_UPDATE: 'read-only',
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: 'option-removed',
  INVALID_TYPE_ON_FIELD_IN_RECORD: 'type-changed',
  JSON_PARSER_ERROR: 'type-changed',
};

/** Refusals of a new owner, which name no field: a user who has left, or who may not own such records. */
const OF_OWNER: ReadonlySet<string> = new Set(['INACTIVE_OWNER_OR_USER', 'OP_WITH_INVALID_USER_TYPE_EXCEPTION', 'TRANSFER_REQUIRES_READ']);
const OWNER = 'OwnerId';

/** Why Salesforce refuses one record. An id that is not there is the record's own, unless a field is named. */
export function refusalOf(errors: readonly WireError[], own: ReadonlySet<string>): Refusal {
  const [first] = errors;
  if (first === undefined) return { reason: 'rejected', message: '' };
  const named = first.fields.filter((field) => own.has(field));
  const fields = named.length === 0 && OF_OWNER.has(first.code) && own.has(OWNER) ? [OWNER] : named;
  const message = `${errors.map((error) => error.message).join('; ')} (${first.code})`;
  const about = fields.length === 0 ? {} : { fields };
  const isOfField = fields.length > 0;
  if (first.code === 'INVALID_CROSS_REFERENCE_KEY' || first.code === 'MALFORMED_ID' || first.code === 'ENTITY_IS_DELETED')
    return { reason: isOfField ? 'parent-missing' : 'deleted-later', message, ...about };
  return { reason: REASONS[first.code] ?? 'rejected', message, ...about };
}
