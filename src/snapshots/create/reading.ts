import { type Connector, type LineBatch, type RecordBatch } from '../../connectors/index.js';
import { counted, type CallOptions } from '../../lib/index.js';
import { linkLine, recordLine, type LinkSchema, type ObjectSchema } from '../../records/index.js';
import { packLines } from '../lines/line-batches.js';

/** What a platform says while it is read: how many records there are in all. */
export interface Told {
  total?: number;
}

/** Why what was read does not prove that it is all; undefined where it does. */
export function doubtOf(repeated: number, total: number | undefined, rows: number): string | undefined {
  if (repeated > 0)
    return `The platform gave ${repeated} ${repeated === 1 ? 'record' : 'records'} more than once: its list changed while it was read, so others may have been missed`;
  if (total !== undefined && total !== rows) return `The platform counts ${counted(total, 'records')}, but gave ${rows}`;
  return undefined;
}

export async function* linesOf(connector: Connector, schema: ObjectSchema, told: Told, options: CallOptions): AsyncGenerator<LineBatch> {
  for await (const { records } of wholeRead(connector, schema, told, options)) yield* packLines(records.map(recordLine));
}

async function* wholeRead(connector: Connector, schema: ObjectSchema, told: Told, options: CallOptions): AsyncGenerator<RecordBatch> {
  for await (const batch of connector.read({ schema }, options)) {
    if (batch.total !== undefined) told.total = batch.total;
    yield batch;
  }
}

export async function* linkBatches(connector: Connector, link: LinkSchema, options: CallOptions): AsyncGenerator<LineBatch> {
  for await (const links of connector.readLinks({ link }, options)) yield* packLines(links.map(linkLine));
}
