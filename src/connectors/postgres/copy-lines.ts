import type { CallOptions } from '../../lib/index.js';
import { type ObjectSchema, recordLine } from '../../records/index.js';
import type { LineBatch } from '../connector.js';
import { readAll, type ReadContext } from './read.js';

export async function* copyLines(schema: ObjectSchema, context: ReadContext, options: CallOptions): AsyncGenerator<LineBatch> {
  for await (const batch of readAll({ schema }, context, options)) {
    const lines = batch.records.map((record) => Buffer.from(`${recordLine(record)}\n`));
    let end = 0;
    yield { bytes: Buffer.concat(lines), ends: lines.map((line) => (end += line.length)) };
  }
}
