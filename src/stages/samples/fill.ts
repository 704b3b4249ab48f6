import type { Connector, MutationResult } from '../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { SampleRecord } from './records.js';

/** What became of a sample. */
export interface Filled {
  readonly record: SampleRecord;
  readonly result: MutationResult;
  /** The platform did with it what its description says. */
  readonly asDeclared: boolean;
}

/**
 * Creates each sample on a platform, in batches, and those that are to be refused last: of two with one unique value in a batch, a platform
 * may take either. Nothing is tried a second time.
 */
export async function* fillWith(
  connector: Connector,
  schema: ObjectSchema,
  samples: Iterable<SampleRecord>,
  call: CallOptions,
): AsyncGenerator<Filled> {
  const all = [...samples];
  const [taken, refused] = [all.filter((one) => one.refused === undefined), all.filter((one) => one.refused !== undefined)];
  // In batches of their own: where one of a batch is refused, a platform may try the others in any order.
  for (const some of [taken, refused].flatMap((each) => [...chunksOf(each, connector.capabilities.batch.create)])) {
    const batch = some.map(({ n, key, fields }) => ({ action: 'create' as const, schema, key: key ?? String(n), set: fields }));
    const results = await connector.write(batch, call);
    for (const [index, record] of some.entries()) {
      const result = results[index] ?? { status: 'in_doubt', message: 'no result' };
      const isRefused = result.status === 'rejected' && (result.fields === undefined || result.fields.includes(record.refused?.field ?? ''));
      yield { record, result, asDeclared: record.refused === undefined ? result.status === 'applied' : isRefused };
    }
  }
}
