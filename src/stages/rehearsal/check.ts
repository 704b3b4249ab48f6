import { emptyIsNull, type Platform } from '../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../lib/index.js';
import { type Fields, type ObjectSchema, sameButForm, sameValue, type Value, valueIn } from '../../records/index.js';
import type { LinkChange, Plan, PlanChange, RecordChange } from '../../restores/index.js';

/** What a plan wanted, and how much of it is so. */
export interface Checked {
  readonly records: Tally;
  readonly cells: Tally;
  readonly links: Tally;
  /** The first few of what is not so; no values. */
  readonly examples: readonly NotSo[];
}

interface Tally {
  readonly checked: number;
  readonly right: number;
}

/** Something that is not as planned. `field`: empty for a record as a whole, the kind of link for a link. */
export interface NotSo {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  readonly why: 'missing' | 'still there' | 'other value' | 'not linked' | 'still linked';
}

const EXAMPLES = 20;
/** Records whose links are asked for in one call. */
const KEYS_AT_ONCE = 1000;

/** Records as they should be once all changes of a plan are made. */
interface Expected {
  readonly object: string;
  readonly key: string;
  /** What its cells should hold; undefined where it should not be there. */
  cells: Map<string, Should> | undefined;
}

/** A value, or the key that a record has by then. */
type Should = { readonly value: Value } | { readonly of: Reference };

interface Reference {
  readonly object: string;
  readonly key: string;
}

/**
 * Reads every record and link that a plan writes, and compares it with what the plan says. It uses nothing of what the
 * restore wrote down but the new keys (`keyMap`), so that it also finds what the restore believes wrongly.
 */
export async function checkPlanned(
  plan: Plan,
  platform: Platform,
  keyMap: Readonly<Record<string, Readonly<Record<string, string>>>>,
  call: CallOptions,
): Promise<Checked> {
  const wanted = await wantedOf(plan);
  const keyOf = ({ object, key }: Reference): string => keyMap[object]?.[key] ?? key;
  const found = new Found();
  for (const [object, records] of wanted.records) {
    const schema = plan.schema.objects.find((one) => one.object === object);
    if (schema !== undefined) await compareRecords({ platform, schema, keyOf, found }, [...records.values()], call);
  }
  await compareLinks(plan, platform, [...wanted.links.values()], keyOf, found, call);
  return found.result();
}

async function wantedOf(plan: Plan): Promise<{
  readonly records: ReadonlyMap<string, ReadonlyMap<string, Expected>>;
  readonly links: ReadonlyMap<string, LinkChange>;
}> {
  const records = new Map<string, Map<string, Expected>>();
  const links = new Map<string, LinkChange>();
  const take = (change: PlanChange): void => {
    if ('link' in change) {
      links.set(JSON.stringify([change.link, change.from, change.to]), change);
      return;
    }
    const { object, key } = change;
    const ofObject = records.get(object) ?? new Map<string, Expected>();
    records.set(object, ofObject);
    const expected = ofObject.get(key) ?? { object, key, cells: new Map() };
    ofObject.set(key, expected);
    if (change.action === 'delete') expected.cells = undefined;
    else addCells((expected.cells ??= new Map()), change);
  };
  for await (const lines of plan.linesTogether()) for (const line of lines) if (line.kind === 'change') take(line);
  return { records, links };
}

function addCells(cells: Map<string, Should>, { fields, references = {}, deferred = [] }: RecordChange): void {
  for (const [name, move] of Object.entries(fields)) {
    // What is only kept is nothing to put right; what is deferred comes with a later change.
    if (move.keeps === true || deferred.includes(name)) continue;
    const of = Object.hasOwn(references, name) ? references[name] : undefined;
    cells.set(name, of === undefined ? { value: move.to ?? null } : { of });
  }
}

interface Comparing {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
  readonly keyOf: (record: Reference) => string;
  readonly found: Found;
}

async function compareRecords({ platform, schema, keyOf, found }: Comparing, wanted: readonly Expected[], call: CallOptions): Promise<void> {
  const { connector } = platform;
  for (const batch of chunksOf(wanted, connector.capabilities.batch.read)) {
    const live = new Map<string, Fields>();
    for await (const { records } of connector.read({ schema, keys: [...new Set(batch.map(keyOf))] }, call))
      for (const record of records) live.set(record.key, { ...record.meta, ...record.fields });
    for (const expected of batch) {
      const now = live.get(keyOf(expected));
      const wrong = wrongIn(expected, now, connector.kind, schema, keyOf);
      found.record(expected.cells?.size ?? 0, wrong);
    }
  }
}

function wrongIn(
  { object, key, cells }: Expected,
  now: Fields | undefined,
  connector: string,
  schema: ObjectSchema,
  keyOf: Comparing['keyOf'],
): readonly NotSo[] {
  if (cells === undefined) return now === undefined ? [] : [{ object, key, field: '', why: 'still there' }];
  if (now === undefined) return [{ object, key, field: '', why: 'missing' }];
  return [...cells].flatMap(([field, planned]): NotSo[] => {
    const should = 'of' in planned ? keyOf(planned.of) : planned.value;
    const type = schema.fields.find(({ name }) => name === field)?.type ?? 'other';
    return isSame(should, valueIn({ fields: now, meta: {} }, field), connector, type) ? [] : [{ object, key, field, why: 'other value' }];
  });
}

function isSame(should: Value, now: Value | undefined, connector: string, type: ObjectSchema['fields'][number]['type']): boolean {
  const oneEmpty = emptyIsNull(connector);
  const isEmpty = (value: Value | undefined): boolean =>
    value === undefined || value === null || (oneEmpty && (value === '' || (Array.isArray(value) && value.length === 0)));
  if (isEmpty(should) || isEmpty(now)) return isEmpty(should) && isEmpty(now);
  return sameValue(should, now ?? null) || sameButForm(should, now, type);
}

async function compareLinks(
  { schema }: Plan,
  { connector }: Platform,
  wanted: readonly LinkChange[],
  keyOf: Comparing['keyOf'],
  found: Found,
  call: CallOptions,
): Promise<void> {
  const byKind = new Map<string, LinkChange[]>();
  for (const change of wanted) {
    const name = `${change.from.object}~${change.to.object}~${change.link}`;
    byKind.set(name, [...(byKind.get(name) ?? []), change]);
  }
  for (const changes of byKind.values()) {
    const [first] = changes;
    const link = schema.links.find((one) => one.kind === first?.link && one.from === first.from.object && one.to === first.to.object);
    if (link === undefined) continue;
    const there = new Set<string>();
    for (const fromKeys of chunksOf([...new Set(changes.map(({ from }) => keyOf(from)))], KEYS_AT_ONCE))
      for await (const links of connector.readLinks({ link, fromKeys }, call))
        for (const { from, to } of links) there.add(JSON.stringify([from, to]));
    for (const change of changes) found.link(change, there.has(JSON.stringify([keyOf(change.from), keyOf(change.to)])));
  }
}

/** What a comparison has found so far. */
class Found {
  readonly #tallies = { records: { checked: 0, right: 0 }, cells: { checked: 0, right: 0 }, links: { checked: 0, right: 0 } };
  readonly #examples: NotSo[] = [];

  record(cells: number, wrong: readonly NotSo[]): void {
    const { records, cells: all } = this.#tallies;
    records.checked += 1;
    if (wrong.length === 0) records.right += 1;
    all.checked += cells;
    const whole = wrong.some(({ field }) => field === '');
    all.right += whole ? 0 : cells - wrong.length;
    for (const one of wrong) this.#name(one);
  }

  link({ link, action, from }: LinkChange, isThere: boolean): void {
    const { links } = this.#tallies;
    links.checked += 1;
    if (isThere === (action === 'link')) links.right += 1;
    else this.#name({ object: from.object, key: from.key, field: link, why: isThere ? 'still linked' : 'not linked' });
  }

  result(): Checked {
    return { ...this.#tallies, examples: this.#examples };
  }

  #name(one: NotSo): void {
    if (this.#examples.length < EXAMPLES) this.#examples.push(one);
  }
}
