import type { UpdateMutation } from '../../../connectors/index.js';
import { type CallOptions, chunksOf, type Clock } from '../../../lib/index.js';
import type { SideIndex } from '../../../mappings/index.js';
import type { Fields, PlatformRecord, Value } from '../../../records/index.js';
import type { ParallelDocument } from '../../document/journey.js';
import type { OpenSide } from '../../touchpoints/open.js';
import { writeAll } from '../writes.js';
import type { Arena } from './open.js';
import type { Both, SentWrite } from './race.js';
import { drawn, interleaving } from './schedule.js';

/** One record that writers write, and what was sent to it so far. */
export interface Raced {
  readonly n: number;
  /** Keys on both sides. */
  readonly keys: readonly [string, string];
  readonly initial: Both;
  readonly writes: SentWrite[];
  /** Writes that the platform refused, and why. */
  readonly refused: string[];
}

/** One write that is due. */
interface Due {
  readonly raced: Raced;
  readonly writer: number;
  readonly set: Fields;
}

/** Lets writers write many records, each record by an interleaving of its own; those of one round at the same time. */
export class Racers {
  #count = 0;

  constructor(
    private readonly arena: Arena,
    private readonly script: ParallelDocument,
    private readonly mark: string,
    private readonly with_: { readonly clock: Clock; readonly call: CallOptions },
  ) {}

  async run(records: readonly Raced[], pauseMs: number): Promise<void> {
    const { seed, writers } = this.script;
    const { clock, call } = this.with_;
    const lengths = writers.map(({ writes }) => writes.length);
    const plans = records.map(({ n }) => interleaving(lengths, seed * 1_000_003 + n));
    const random = drawn(seed);
    const next = records.map(() => lengths.map(() => 0));
    const most = Math.max(0, ...plans.map((plan) => plan.length));
    for (let round = 0; round < most; round += 1) {
      const due = records.flatMap((raced, index) =>
        (plans[index]?.[round] ?? []).map((writer): Due => {
          const counts = next[index] ?? [];
          const step = counts[writer] ?? 0;
          counts[writer] = step + 1;
          return { raced, writer, set: this.#filled(raced.n, writer, step) };
        }),
      );
      await this.#sendAll(due);
      await clock.sleep(Math.floor(random() * pauseMs), call.signal);
    }
  }

  /** What a write writes: {token} is what only this write to this record has. */
  #filled(n: number, writer: number, step: number): Fields {
    const { name, writes } = this.script.writers[writer] ?? { name: '', writes: [] };
    const token = `${this.mark}-${n}${name}${step}`;
    const fill = (value: Value): Value => (typeof value === 'string' ? value.replaceAll('{token}', token) : value);
    return Object.fromEntries(Object.entries(writes[step] ?? {}).map(([field, value]) => [field, fill(value)]));
  }

  async #sendAll(due: readonly Due[]): Promise<void> {
    const sides = this.script.writers.map((_, writer) => this.arena.on[writer] ?? 0);
    const live = await Promise.all(
      ([0, 1] as const).map(async (side) => {
        const keys = new Set(due.filter(({ writer }) => sides[writer] === side).map(({ raced }) => raced.keys[side]));
        return await readKeys(this.arena.sides[side], [...keys], this.with_.call);
      }),
    );
    const byWriter = sides.map((side, writer) => ({ side, own: due.filter((each) => each.writer === writer) }));
    await Promise.all(byWriter.map(async ({ side, own }) => await this.#send(side, own, live[side] ?? new Map())));
  }

  /** What one writer writes in one round, in batches. */
  async #send(side: SideIndex, due: readonly Due[], live: ReadonlyMap<string, PlatformRecord>): Promise<void> {
    const { platform, schema } = this.arena.sides[side];
    const { clock } = this.with_;
    for (const some of chunksOf(due, platform.connector.capabilities.batch.update)) {
      const mutations = some.map(({ raced, set }): UpdateMutation => {
        const key = raced.keys[side];
        const fields = live.get(key)?.fields ?? {};
        const expect = Object.fromEntries(Object.keys(set).flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name] ?? null]] : [])));
        return { action: 'update', schema, key, set, expect };
      });
      const [begin, beginMs] = [this.#tick(), clock.monotonicMs()];
      const outcomes = await writeAll(platform.connector, mutations, this.with_);
      const [end, endMs] = [this.#tick(), clock.monotonicMs()];
      for (const [index, { raced, writer, set }] of some.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined || outcome.state === 'refused') {
          raced.refused.push(outcome?.why ?? 'no result');
          continue;
        }
        const names = new Set(Object.keys(set));
        const fields = new Set(this.arena.fields.filter((field) => names.has(field.names[side] ?? '')).map(({ id }) => id));
        const name = this.script.writers[writer]?.name ?? '';
        raced.writes.push({ writer: name, side, set, fields, begin, beginMs, ...(outcome.state === 'done' && { end, endMs }) });
      }
    }
  }

  #tick(): number {
    this.#count += 1;
    return this.#count;
  }
}

/** Records by key; what is not there is left out. */
export async function readKeys(
  { platform: { connector }, schema }: OpenSide,
  keys: readonly string[],
  call: CallOptions,
): Promise<ReadonlyMap<string, PlatformRecord>> {
  const found = new Map<string, PlatformRecord>();
  for (const some of chunksOf(keys, connector.capabilities.batch.read))
    for await (const { records } of connector.read({ schema, keys: some }, call)) for (const record of records) found.set(record.key, record);
  return found;
}
