import type { Difference } from '../../../../src/checks/index.js';
import { confirm } from '../../../../src/checks/reconcile/confirm/confirm.js';
import { type LiveSide, liveSide } from '../../../../src/checks/reconcile/confirm/live-side.js';
import { Join } from '../../../../src/checks/reconcile/join/join.js';
import { comparisonOf } from '../../../../src/checks/reconcile/rows/columns.js';
import type { Connector, RecordBatch } from '../../../../src/connectors/index.js';
import type { Clock } from '../../../../src/lib/index.js';
import { parseMapping } from '../../../../src/mappings/index.js';
import type { Fields, ObjectSchema } from '../../../../src/records/index.js';
import { MemoryConnector } from '../../../support/memory-connector.js';

const SETTLE_MS = 300_000;
/** A read of some records takes so long. */
const BATCH_MS = 7000;

const MAPPING = parseMapping(
  `version: 1
id: people
between: { crm: crm/people, map: map/people }
match: [{ crm: email, map: email, as: email }]
settle: 5m
creates: [map]
fields:
  - { crm: title, map: title, authority: crm }
  - { crm: phone, map: phone, authority: map }
`,
  'people.yml',
);
const field = (name: string): ObjectSchema['fields'][0] => ({ name, type: 'string', platformType: 'text', readOnly: false });
const SCHEMA: ObjectSchema = {
  object: 'people',
  keyFields: [],
  fields: ['email', 'title', 'phone'].map(field),
  createWithKey: false,
  undelete: false,
  sideEffects: [],
};

/** A change by a person, carried over by the sync some time after. */
export interface Edit {
  /** Milliseconds after the comparison begins; below zero, before. */
  readonly atMs: number;
  /** What the sync takes, less than the mapping grants it. */
  readonly takesMs: number;
  readonly person: number;
  readonly what: 'title' | 'phone' | 'delete' | 'create';
  readonly value: string;
}

/** A difference that stands from the beginning and that no sync mends. */
export interface Planted {
  readonly person: number;
  readonly what: 'title' | 'phone' | 'missing' | 'extra' | 'twice';
}

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that passes with every read and wait; what is due happens in it. */
class StoryClock implements Clock {
  ms = Date.parse('2026-11-22T08:00:00Z') - 2 * SETTLE_MS;
  readonly #due: Due[] = [];

  at(atMs: number, run: () => void): void {
    this.#due.push({ atMs, run });
    this.#due.sort((a, b) => a.atMs - b.atMs);
  }

  pass(ms: number): void {
    const until = this.ms + ms;
    for (let [next] = this.#due; next !== undefined && next.atMs <= until; [next] = this.#due) {
      this.#due.shift();
      this.ms = Math.max(this.ms, next.atMs);
      next.run();
    }
    this.ms = until;
  }

  now = (): Date => new Date(this.ms);
  monotonicMs = (): number => this.ms;
  sleep = async (ms: number): Promise<void> => {
    this.pass(ms);
    await Promise.resolve();
  };
}

/** Two platforms that a sync keeps the same, while people edit both; gives what a reconciliation in the middle finds. */
export async function story(
  people: number,
  edits: readonly Edit[],
  planted: readonly Planted[],
): Promise<{ readonly found: readonly string[]; readonly writes: number }> {
  const clock = new StoryClock();
  const began = clock.ms + 2 * SETTLE_MS;
  const sides = [new MemoryConnector({ objects: [SCHEMA], clock }), new MemoryConnector({ objects: [SCHEMA], clock })] as const;
  const email = (person: number): string => `p${person}@example.com`;
  for (let person = 0; person < people; person += 1)
    for (const [side, connector] of sides.entries())
      connector.put('people', `${side}-${person}`, { email: email(person), title: `Title ${person}`, phone: `${person}` }, 'sync');
  for (const { person, what } of planted) plant(sides, person, what, email(person));
  for (const edit of edits) schedule(clock, sides, began, edit, email(edit.person));
  clock.pass(2 * SETTLE_MS);

  const comparison = comparisonOf(MAPPING, [SCHEMA, SCHEMA]);
  const join = new Join(comparison, { scratch: () => Promise.reject(new Error('it fits into memory')) });
  const known = [new Set<string>(), new Set<string>()] as const;
  const since = clock.now();
  const slow = [slowed(sides[0], clock), slowed(sides[1], clock)] as const;
  for (const side of [0, 1] as const)
    for await (const { records } of slow[side].read({ schema: SCHEMA })) {
      for (const { key } of records) known[side].add(key);
      await join.add(side, records);
    }
  const candidates = [];
  for await (const candidate of join.candidates()) candidates.push(candidate);
  const live = ([0, 1] as const).map((side): LiveSide =>
    liveSide({
      platform: { ...sides[side].platform(), connector: slow[side] },
      schema: SCHEMA,
      since,
      census: true,
      wasThere: (key) => Promise.resolve(known[side].has(key)),
    }),
  ) as [LiveSide, LiveSide];
  const { differences } = await confirm(candidates, { comparison, sides: live, clock, settleMs: SETTLE_MS, readAt: clock.now() }, {});
  return {
    found: differences
      .filter((one) => one.class !== 'in-flight')
      .flatMap(worded)
      .sort(),
    writes: sides[0].calls.write + sides[1].calls.write,
  };
}

/** What a planted difference is found as. */
export function foundAs({ person, what }: Planted): string {
  return what === 'title' || what === 'phone' ? `value ${person} ${what}` : `${what} ${person}`;
}

function worded({ class: name, keys, fields }: Difference): readonly string[] {
  const person = (keys[0][0] ?? keys[1][0] ?? '').split('-')[1] ?? '';
  return fields === undefined ? [`${name} ${person}`] : fields.map((one) => `${name} ${person} ${MAPPING.fields[one.field]?.names[0] ?? ''}`);
}

function plant(sides: readonly [MemoryConnector, MemoryConnector], person: number, what: Planted['what'], address: string): void {
  if (what === 'title') sides[1].put('people', `1-${person}`, { title: 'Planted' }, 'person');
  else if (what === 'phone') sides[0].put('people', `0-${person}`, { phone: 'planted' }, 'person');
  else if (what === 'missing') sides[1].put('people', `1-${person}`, null, 'person');
  else if (what === 'extra') sides[0].put('people', `0-${person}`, null, 'person');
  else sides[1].put('people', `1-${person}-twin`, { email: ` ${address.toUpperCase()}`, title: '', phone: '' }, 'person');
}

function schedule(clock: StoryClock, sides: readonly [MemoryConnector, MemoryConnector], began: number, edit: Edit, address: string): void {
  const { person, what, value, atMs, takesMs } = edit;
  const from = what === 'phone' ? 1 : 0;
  const there = (side: 0 | 1): Fields | undefined => sides[side].state().records['people']?.[`${side}-${person}`];
  const put = (side: 0 | 1, fields: Fields | null): void => {
    sides[side].put('people', `${side}-${person}`, fields, side === from ? 'person' : 'sync');
  };
  clock.at(began + atMs, () => {
    if (what === 'delete') put(from, null);
    // Made again before the sync saw that it was gone, it has the phone that is there still: else the two would differ from then on.
    else if (what === 'create')
      put(from, there(from) === undefined ? { email: address, title: value, phone: there(1)?.['phone'] ?? '' } : { title: value });
    else if (there(from) !== undefined) put(from, { [what]: value });
  });
  clock.at(began + atMs + takesMs, () => {
    const to = from === 0 ? 1 : 0;
    const now = there(from);
    if (now === undefined) put(to, null);
    else if (there(to) === undefined) put(to, { email: address, title: now['title'] ?? null, phone: now['phone'] ?? null });
    // What stands there when the sync comes is what it carries.
    else put(to, what === 'phone' ? { phone: now['phone'] ?? null } : { title: now['title'] ?? null });
  });
}

/** A connector whose reads take time, batch by batch. */
function slowed(connector: MemoryConnector, clock: StoryClock): Connector {
  return new Proxy<Connector>(connector, {
    get: (target, name) => {
      if (name !== 'read') return Reflect.get(target, name, target) as unknown;
      return async function* (...words: Parameters<Connector['read']>): AsyncGenerator<RecordBatch> {
        for await (const batch of target.read(...words)) {
          yield batch;
          clock.pass(BATCH_MS);
        }
      };
    },
  });
}
