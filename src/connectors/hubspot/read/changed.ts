import type { CallOptions } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import { Cursors } from '../../http/cursors.js';
import type { HubSpotApi } from '../wire/api.js';
import { textIn, cursorOf, isRecordPage, type WirePage, type WireRecord } from '../wire/shapes.js';
import { wholePage } from '../wire/whole.js';
import { readAll, readByKeys } from './read.js';

const PAGE = 200;
const MOST = 10_000;

/**
 * Records changed since a time. Search finds their keys only: its values and its index lag, so runback first waits
 * `lagMs` for what was changed up to now to be indexed, and reads the records themselves by key. Beyond 10,000 results
 * the search starts again at the last time seen; where one moment holds more than that, everything is read instead.
 */
export async function* readChanged(
  api: HubSpotApi,
  schema: ObjectSchema,
  since: Date,
  lagMs: number,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  const property = schema.object === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
  call.reporter?.waiting({ reason: 'HubSpot indexes changes with a delay', ms: lagMs });
  await api.clock.sleep(lagMs, call.signal);
  const given = new Set<string>();
  let from = since.getTime();
  for (;;) {
    const window = await searchWindow(api, schema, property, from, call);
    const fresh = window.keys.filter((key) => !given.has(key));
    for (const key of fresh) given.add(key);
    if (fresh.length > 0) yield* readByKeys(api, schema, fresh, undefined, call);
    if (!window.full) return;
    if (window.last <= from) {
      for await (const batch of readAll(api, schema, call)) yield { records: batch.records.filter((record) => !given.has(record.key)) };
      return;
    }
    from = window.last;
  }
}

interface Window {
  readonly keys: readonly string[];
  /** The search reached its cap: there may be more. */
  readonly full: boolean;
  /** Time of the last result. */
  readonly last: number;
}

async function searchWindow(api: HubSpotApi, schema: ObjectSchema, property: string, from: number, call: CallOptions): Promise<Window> {
  const keys: string[] = [];
  const cursors = new Cursors(api);
  let last = from;
  let after: string | undefined;
  do {
    const body = {
      filterGroups: [{ filters: [{ propertyName: property, operator: 'GTE', value: String(from) }] }],
      sorts: [{ propertyName: property, direction: 'ASCENDING' }],
      properties: [property],
      limit: PAGE,
      ...defined({ after }),
    };
    const page = await wholePage(api, `a part of the changed ${schema.object}`, call, async () => {
      return (await api.ask(api.objects(schema.object, '/search'), body, isRecordPage, call, 'search')) as WirePage<WireRecord>;
    });
    for (const wire of page.results) {
      keys.push(wire.id);
      const at = Date.parse(textIn(wire.properties, property) ?? '');
      if (at > last) last = at;
    }
    // A short or even empty page is not the last one while it carries a cursor.
    after = cursors.next(cursorOf(page));
  } while (after !== undefined && Number(after) < MOST && keys.length < MOST);
  return { keys, full: after !== undefined || keys.length >= MOST, last };
}
