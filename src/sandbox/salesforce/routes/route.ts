import type { ApiAnswer, ApiRequest, Route } from '../../kit/route.js';
import type { Session } from '../auth/sessions.js';
import { notFound } from '../failure.js';
import type { ApiUsage } from '../limits.js';
import type { Visibility } from '../schema/describe.js';
import type { ObjectType } from '../schema/object-type.js';
import { Reader } from '../soql/reader.js';
import type { Asked } from '../soql/run.js';
import type { Org } from '../state/org.js';
import type { StoredRecord, Writer } from '../state/record.js';

/** What the endpoints work with. */
export interface ApiContext {
  readonly org: Org;
  readonly usage: ApiUsage;
  /** Whether the user of the API may set audit fields on create. */
  readonly auditFields: boolean;
  readonly url: () => string;
}

export type Request = ApiRequest<Session>;

/** An endpoint. */
export interface SalesforceRoute extends Route<Session> {
  /** Whether it changes records. */
  readonly writes: boolean;
}

const VERSION = String.raw`^/services/data/v(\d+\.0)`;
/** The oldest version that is still answered, and the newest. */
export const VERSIONS = { oldest: 31, newest: 67 } as const;

/** An endpoint below `/services/data/vXX.0`; its first parameter is the version. */
export function on(
  method: string,
  path: string,
  handle: (request: Request, version: string, ...params: string[]) => ApiAnswer,
  writes = method !== 'GET',
): SalesforceRoute {
  return {
    method,
    pattern: new RegExp(`${VERSION}${path}/?$`),
    writes,
    handle: (request) => {
      const [version = '', ...params] = request.params;
      if (Number(version) < VERSIONS.oldest || Number(version) > VERSIONS.newest) throw notFound();
      return handle(request, version, ...params);
    },
  };
}

/** Who writes by a request. */
export function writerOf({ auditFields }: ApiContext, { caller, id, headers }: Request): Writer {
  return {
    userId: caller.userId,
    cause: { by: 'api', app: caller.app },
    request: id,
    isAdmin: false,
    auditFields,
    allowsDuplicates: /allowSave\s*=\s*true/i.test(headers['sforce-duplicate-rule-header'] ?? ''),
  };
}

export function visibilityOf({ org, auditFields }: ApiContext): Visibility {
  return { sees: (object, field) => org.sees(object, field), writes: (object, field) => org.mayWrite(object, field), auditFields };
}

/** What a query of the API is asked of. */
export function askedOf({ org }: ApiContext, deletedToo: boolean): Asked {
  const reader = new Reader(org.schema, org.tables, (object, field) => org.sees(object, field), org.description.seesEncrypted);
  const now = org.now();
  const seen = (_: ObjectType, record: StoredRecord): StoredRecord | undefined =>
    org.isHidden(record.id) ? undefined : org.lagging.seen(record.id, record, now);
  const sees = org.lagging.lagMs === 0 && org.unshared.size === 0;
  return { schema: org.schema, tables: org.tables, reader, now, deletedToo, ...(!sees && { seen }) };
}
