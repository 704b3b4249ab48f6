import { inWords, type Platform, type PlatformSchema } from '../../connectors/index.js';
import { type CallOptions, defined, isRunbackError } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import { foundIn } from './marker.js';

/** How an object type was read: `why` says what makes the read less than whole; without it every record was read. */
export interface ReadOf {
  readonly object: string;
  readonly records: number;
  /** How many there are, where the platform says so. */
  readonly total?: number;
  readonly why?: string;
}

/** A marker that was found where it should not be. */
export interface Sighting {
  readonly platform: string;
  readonly object: string;
  readonly key: string;
  readonly field: string;
  readonly marker: string;
}

/** One platform read from beginning to end. */
export interface Pass {
  readonly platform: string;
  readonly objects: readonly ReadOf[];
  /** Why there is more that was not read, and that no object type tells. */
  readonly why?: string;
  readonly sightings: readonly Sighting[];
}

/** Reads every record of a platform and looks for markers in all that it holds. Only reads; throws `interrupted` and bugs. */
export async function readPass(platform: Platform, markers: readonly string[], call: CallOptions): Promise<Pass> {
  const { name, connector } = platform;
  const sightings: Sighting[] = [];
  const schema = await described(platform, call);
  if (typeof schema === 'string') return { platform: name, objects: [], why: schema, sightings };
  const objects: ReadOf[] = [];
  for (const object of schema.objects) objects.push(await readObject(platform, object, markers, sightings, call));
  const why = connector.capabilities.census ? undefined : 'reading every key proves no absence there';
  return { platform: name, objects, ...defined({ why }), sightings };
}

async function described({ connector, objects }: Platform, call: CallOptions): Promise<PlatformSchema | string> {
  try {
    return await connector.describe(objects, { ...call, withheld: true });
  } catch (error) {
    return reasonOf(error, call);
  }
}

async function readObject(
  { name, connector }: Platform,
  schema: ObjectSchema,
  markers: readonly string[],
  sightings: Sighting[],
  call: CallOptions,
): Promise<ReadOf> {
  const { object, refused, withheld = [] } = schema;
  if (refused !== undefined) return { object, records: 0, why: refused };
  let records = 0;
  let total: number | undefined;
  const task = `Looking for the marker in ${object} of ${name}`;
  try {
    for await (const batch of connector.read({ schema }, call)) {
      records += batch.records.length;
      total = batch.total ?? total;
      for (const record of batch.records) {
        const found = foundIn(record, markers);
        if (found !== undefined) sightings.push({ platform: name, object, key: record.key, ...found });
      }
      call.reporter?.progress({ task, done: records, ...defined({ total }), unit: 'records' });
    }
  } catch (error) {
    return { object, records, ...defined({ total }), why: reasonOf(error, call) };
  }
  return { object, records, ...defined({ total, why: lessThanWhole(records, total, withheld) }) };
}

/** What makes a read that came to its end less than whole. More than were counted is no doubt: records are made at any time. */
function lessThanWhole(records: number, total: number | undefined, withheld: readonly string[]): string | undefined {
  if (total !== undefined && records < total) return `it counts ${total} records, but gave ${records}`;
  return withheld.length === 0 ? undefined : `${withheld.join(', ')} cannot be read here, or must never be stored`;
}

function reasonOf(error: unknown, { signal }: CallOptions): string {
  if (!isRunbackError(error) || error.code === 'interrupted' || error.code === 'bug' || signal?.aborted === true) throw error;
  return inWords(error);
}
