import { isRunbackError } from '../../lib/index.js';
import type { WrittenValues } from '../../sandbox/index.js';
import type { StagedRecord } from '../../stages/index.js';
import type { FaultStage } from './fault.js';
import { type HowMany, impossible, take } from './parameters.js';

/** What becomes of a record; undefined where nothing does. */
export type Change = (record: StagedRecord) => WrittenValues | undefined;

/** Changes as many records as asked for, only of those on which something really becomes different. */
export async function changeEach(stage: FaultStage, object: string, many: HowMany, change: Change): Promise<void> {
  const taken = await take(stage, object, many, (record) => differs(record, change(record)));
  const writer = stage.account.as(stage.by);
  for (const [index, record] of taken.entries())
    await orImpossible(index === 0, async () => await writer.update(object, record.key, change(record) ?? {}));
}

/** Whether a write changes anything on the record. */
export function differs({ values }: StagedRecord, written: WrittenValues | undefined): boolean {
  return written !== undefined && Object.entries(written).some(([name, value]) => (values[name] ?? '') !== (value ?? ''));
}

/** What the platform refuses as the first write cannot be staged here: nothing is damaged yet. */
export async function orImpossible<T>(first: boolean, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!first || isRunbackError(error)) throw error;
    return impossible(`The platform refuses the write: ${error instanceof Error ? error.message : String(error)}`);
  }
}
