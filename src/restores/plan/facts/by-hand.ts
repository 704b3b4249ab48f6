import type { Platform } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import { valueIn } from '../../../records/index.js';
import { sameSide } from '../../decide/conflicts.js';
import { schemaOf } from '../../records/platform-items.js';
import type { Plan, ByHand, PlanConflict, PlanLine } from '../../types.js';
import { readLive } from '../objects/live.js';

/** Counts harm that runback cannot put right, by object type and field. */
export class ByHandCounter {
  readonly #found = new Map<string, { object: string; field: string; records: number; how: string }>();

  count({ object, field = '', byHand }: PlanConflict): void {
    if (byHand === undefined) return;
    const name = JSON.stringify([object, field]);
    const found = this.#found.get(name);
    if (found === undefined) this.#found.set(name, { object, field, records: 1, how: byHand });
    else found.records += 1;
  }

  all(): readonly ByHand[] {
    return [...this.#found.values()];
  }
}

/** What of that harm is still there: the platform is read again. `keyOf`: the present key of a record. */
export async function byHandLeft(
  plan: Plan,
  keyOf: (object: string, key: string) => string,
  platform: Platform,
  options: CallOptions,
): Promise<readonly ByHand[]> {
  const left = new ByHandCounter();
  if (plan.header.counts.byHand === undefined) return left.all();
  const look = async (object: string, lines: readonly PlanConflict[]): Promise<void> => {
    const keys = [...new Set(lines.map((line) => keyOf(object, line.key)))];
    const { records } = await readLive(platform, schemaOf(plan.schema, object), keys, [], options);
    for (const line of lines) {
      const record = records.get(keyOf(object, line.key));
      // A record that is not there harms nobody; where it comes back, this is counted again.
      if (record !== undefined && !sameSide(valueIn(record, line.field ?? ''), line.base)) left.count(line);
    }
  };
  let batch: PlanConflict[] = [];
  for await (const line of plan.lines()) {
    if (!isByHand(line)) continue;
    const [first] = batch;
    if (first !== undefined && (first.object !== line.object || batch.length >= platform.connector.capabilities.batch.read)) {
      await look(first.object, batch);
      batch = [];
    }
    batch.push(line);
  }
  const [last] = batch;
  if (last !== undefined) await look(last.object, batch);
  return left.all();
}

function isByHand(line: PlanLine): line is PlanConflict {
  return line.kind === 'conflict' && line.byHand !== undefined;
}
