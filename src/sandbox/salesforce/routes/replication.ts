import { ApiFailure } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { msOf, timeOf } from '../state/record.js';
import { type ApiContext, on, type Request, type SalesforceRoute } from './route.js';

const MINUTE_MS = 60_000;
const LONGEST_MS = 30 * 86_400_000;

const wrong = (why: string): ApiFailure => new ApiFailure(400, 'INVALID_REPLICATION_DATE', why);

/** What was deleted and what was changed within a stretch of time. */
export function replicationRoutes({ org }: ApiContext): readonly SalesforceRoute[] {
  const replicated = (name: string): ObjectType => {
    const object = org.schema.get(name);
    if (!object.replicateable) throw new ApiFailure(400, 'INVALID_TYPE', `object type cannot be replicated: ${object.name}`);
    return object;
  };
  return [
    on('GET', '/sobjects/([^/]+)/deleted', (request, _, name = '') => {
      const object = replicated(name);
      const { from, to } = windowOf(request, org.now());
      const earliest = org.bin.purged.get(object.name) ?? 0;
      if (earliest > to) throw wrong('endDate before org replication enabled date');
      const deletedRecords = [...org.bin.deletions.values()]
        .filter(({ at }) => at >= from && at < to)
        .flatMap(({ at, members }) => members.flatMap((each) => (each.object === object.name ? [{ id: each.id, deletedDate: timeOf(at) }] : [])));
      const began = timeOf(Math.max(earliest, msOf(String(org.held(org.schema.get('Organization'), org.id).values.CreatedDate))));
      return { status: 200, body: { deletedRecords, earliestDateAvailable: began, latestDateCovered: timeOf(Math.min(to, org.now())) } };
    }),
    on('GET', '/sobjects/([^/]+)/updated', (request, _, name = '') => {
      const object = replicated(name);
      const { from, to } = windowOf(request, org.now());
      const ids: string[] = [];
      for (const { id, values, deletion } of org.tables.all(object)) {
        const at = msOf(String(values.SystemModstamp));
        if (deletion === undefined && at >= from && at < to) ids.push(id);
      }
      return { status: 200, body: { ids, latestDateCovered: timeOf(Math.min(to, org.now())) } };
    }),
  ];
}

/** Whole minutes, more than one, within the last 30 days. */
function windowOf({ query }: Request, now: number): { readonly from: number; readonly to: number } {
  const [from = Number.NaN, to = Number.NaN] = ['start', 'end'].map((name) => {
    const said = query.get(name)?.replace(' ', '+');
    return said === undefined ? Number.NaN : Math.floor(Date.parse(said.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) / MINUTE_MS) * MINUTE_MS;
  });
  if (Number.isNaN(from) || Number.isNaN(to)) throw new ApiFailure(400, 'INVALID_FIELD', 'start and end have to be dates with a time');
  if (from < now - LONGEST_MS) throw wrong('startDate cannot be more than 30 days ago');
  if (to - from < MINUTE_MS) throw wrong('endDate must be at least one minute greater than startDate');
  return { from, to };
}
