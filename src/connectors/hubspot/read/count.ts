import { type CallOptions, isRunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { CountRequest } from '../../connector.js';
import type { HubSpotApi } from '../wire/api.js';
import { countMatching, modifiedProperty } from './changed.js';

/** Properties that tell when a record was created: `createdate` of the old object types, `hs_createdate` of all others. */
const CREATED = ['createdate', 'hs_createdate'];

/** A search gives so many results at most. Whether its total goes beyond that is not promised: exactly so many are counted in halves. */
const CAP = 10_000;

/** How many records were created or changed last in a stretch of time: one search; see `Connector.count`. */
export async function count(api: HubSpotApi, { schema, event, from, to, writer }: CountRequest, call: CallOptions): Promise<number | undefined> {
  const at = event === 'created' ? CREATED.find((name) => has(schema, name)) : modifiedProperty(schema);
  const by = writer === undefined ? [] : sourceFilters(schema, event, writer);
  if (at === undefined || !has(schema, at) || by === undefined) return undefined;
  const between = async (first: number, end: number): Promise<number | undefined> => {
    const filters = [{ propertyName: at, operator: 'GTE', value: String(first) }, { propertyName: at, operator: 'LT', value: String(end) }, ...by];
    const found = await countMatching(api, schema, filters, call);
    if (found !== CAP || end - first < 2) return found;
    const middle = Math.floor((first + end) / 2);
    const [before, after] = [await between(first, middle), await between(middle, end)];
    return before === undefined || after === undefined ? undefined : before + after;
  };
  try {
    return await between(from.getTime(), to.getTime());
  } catch (error) {
    if (isRunbackError(error, 'platform-rejected')) return undefined;
    throw error;
  }
}

/** HubSpot tells of a record which source created it, and of no change but in the history. */
function sourceFilters(schema: ObjectSchema, event: CountRequest['event'], writer: string): readonly object[] | undefined {
  if (event !== 'created' || !has(schema, 'hs_object_source')) return undefined;
  const cut = writer.indexOf(':');
  const [source, id] = cut < 0 ? [writer, undefined] : [writer.slice(0, cut), writer.slice(cut + 1)];
  const ofSource = { propertyName: 'hs_object_source', operator: 'EQ', value: source };
  if (id === undefined || id === '*') return [ofSource];
  if (id.endsWith('*') || !has(schema, 'hs_object_source_id')) return undefined;
  return [ofSource, { propertyName: 'hs_object_source_id', operator: 'EQ', value: id }];
}

const has = ({ fields }: ObjectSchema, name: string): boolean => fields.some((field) => field.name === name);
