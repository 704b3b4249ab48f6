import { canonicalJson, defined, messageOf, sha256 } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { ChangeExample, ConflictExample, FieldCount, PlanFacts } from '../types.js';
import { type ConflictCells, linkCell, type PlannedCells } from './cells.js';
import type { PlanRead } from './counts.js';
import { countsOf, listOf, numberOf, objectOf, Tally, textOf, textsOf, type Unknowns } from './parse.js';

const SHOWN_EXAMPLES = 10;
const SHOWN_CONFLICTS = 10;

/**
 * What a plan would write, counted from its lines as they stream past. `seen` is told every value of a record, so that
 * the caller can find those that occur in what people wrote without keeping them all.
 */
export async function readPlanFacts(store: Store, id: string, seen: (value: unknown) => void = () => undefined): Promise<PlanRead> {
  const reader = new PlanReader(id, seen);
  try {
    for await (const line of store.ledger('plans', id).read()) reader.take(line);
  } catch (error) {
    return reader.read(messageOf(error));
  }
  return reader.read();
}

interface ObjectCount {
  readonly records: Set<string>;
  fields: number;
  links: number;
}

class PlanReader {
  readonly #id: string;
  readonly #seen: (value: unknown) => void;
  #header: Unknowns = {};
  #hash: string | undefined;
  readonly #objects = new Map<string, ObjectCount>();
  readonly #fields = new Map<string, { -readonly [K in keyof FieldCount]: FieldCount[K] } & { readonly first: string }>();
  readonly #writers = new Tally();
  readonly #examples: ChangeExample[] = [];
  readonly #conflictExamples: ConflictExample[] = [];
  readonly #changes: PlannedCells[] = [];
  readonly #conflicts: ConflictCells[] = [];

  constructor(id: string, seen: (value: unknown) => void) {
    this.#id = id;
    this.#seen = seen;
  }

  take(text: string): void {
    const line = objectOf(JSON.parse(text));
    if (this.#hash === undefined) {
      this.#header = line;
      this.#hash = sha256(text);
    } else if (line['kind'] === 'change') this.#change(line);
    else if (line['kind'] === 'conflict') this.#conflict(line);
  }

  read(problem?: string): PlanRead {
    const facts = this.#facts(problem);
    const { id: plan, platform, account } = facts;
    const cells = { plan, platform, account, changes: this.#changes, conflicts: this.#conflicts, whole: problem === undefined };
    return { facts, cells };
  }

  #facts(problem: string | undefined): PlanFacts {
    const header = this.#header;
    const from = textOf(header['from']);
    const decisions = Object.fromEntries(Object.entries(objectOf(header['decisions'])).map(([name, choice]) => [name, textOf(choice) ?? '?']));
    const counts = objectOf(header['counts']);
    const base = textOf(objectOf(header['base'])['snapshot']);
    const damaged = textOf(objectOf(header['damaged'])['snapshot']);
    return {
      id: this.#id,
      ...defined({ hash: this.#hash, problem }),
      platform: textOf(header['platform']) ?? '',
      account: textOf(header['account']) ?? '',
      environment: textOf(header['environment']) ?? '',
      createdBy: textOf(header['createdBy']) ?? '',
      createdAt: textOf(header['createdAt']) ?? '',
      ...defined({ from }),
      ...(Object.keys(decisions).length === 0 ? {} : { decisions }),
      ...('filters' in header ? { filters: canonicalJson(header['filters']) } : {}),
      applied: false,
      ...defined({ base, damaged }),
      records: numberOf(counts['records']),
      of: numberOf(counts['of']),
      fields: numberOf(counts['cells']),
      conflicts: countsOf(counts['conflicts']),
      objects: [...this.#objects]
        .map(([object, { records, fields, links }]) => ({ object, records: records.size, fields, links }))
        .sort((a, b) => (a.object < b.object ? -1 : 1)),
      notCovered: listOf(header['notCovered'])
        .map(objectOf)
        .map(({ object, why }) => ({ object: textOf(object) ?? '?', why: textOf(why) ?? '' })),
      lost: listOf(header['lost']).map(objectOf).map(lostOf),
      fieldCounts: [...this.#fields.values()]
        .sort((a, b) => b.changes - a.changes || (`${a.object}/${a.field}` < `${b.object}/${b.field}` ? -1 : 1))
        .map(({ first: _first, ...one }) => one),
      writers: this.#writers.sorted().map(([writer, changes]) => ({ writer, changes })),
      examples: this.#examples,
      conflictExamples: this.#conflictExamples,
    };
  }

  #change(line: Unknowns): void {
    const action = textOf(line['action']) ?? '';
    const linked = action === 'link' || action === 'unlink';
    const record = linked ? objectOf(line['from']) : line;
    const object = textOf(record['object']) ?? '?';
    const key = textOf(record['key']) ?? '?';
    this.#cells(line, { action, object, key });
    const count = this.#objects.get(object) ?? { records: new Set<string>(), fields: 0, links: 0 };
    this.#objects.set(object, count);
    count.records.add(key);
    if (linked) count.links += 1;
    const writer = textOf(objectOf(line['attribution'])['writer']);
    if (writer !== undefined) this.#writers.add(writer);
    for (const value of Object.values(objectOf(line['lost']))) this.#seen(value);
    // What is deleted, or comes back as it was, has no fields to show.
    if ((action === 'delete' || action === 'undelete') && this.#examples.length < SHOWN_EXAMPLES)
      this.#examples.push(exampleOf(line, { object, key, field: '', action }, {}));
    for (const [field, moved] of Object.entries(objectOf(line['fields']))) {
      const move = objectOf(moved);
      this.#seen(move['from']);
      this.#seen(move['to']);
      if (action === 'delete') continue;
      count.fields += 1;
      this.#field(object, field, move);
      if (action !== 'undelete' && this.#examples.length < SHOWN_EXAMPLES) this.#examples.push(exampleOf(line, { object, key, field, action }, move));
    }
  }

  #cells(line: Unknowns, { action, object, key }: { readonly action: string; readonly object: string; readonly key: string }): void {
    // An interim value only stands in until a later change writes the record.
    if (line['interim'] === true) return;
    const n = String(numberOf(line['n']));
    this.#changes.push({ n, object, key, cells: cellsOf(line, action) });
  }

  #conflict(line: Unknowns): void {
    for (const name of ['base', 'damaged', 'live']) this.#seen(line[name]);
    const [code, object, key] = [textOf(line['code']) ?? '?', textOf(line['object']) ?? '?', textOf(line['key']) ?? '?'];
    const change = objectOf(line['change']);
    const cells = 'action' in change ? cellsOf(change, textOf(change['action']) ?? '') : [textOf(line['field']) ?? ''];
    this.#conflicts.push({ code, object, key, cells });
    if (this.#conflictExamples.length < SHOWN_CONFLICTS) this.#conflictExamples.push({ code, object, key, field: textOf(line['field']) ?? '' });
  }

  /** `from` is the damaged value, `to` the good one. */
  #field(object: string, field: string, { from, to }: Unknowns): void {
    const key = `${object}\u0000${field}`;
    const first = canonicalJson(from ?? null);
    const count = this.#fields.get(key) ?? { object, field, changes: 0, emptied: 0, filled: 0, alike: true, first };
    count.changes += 1;
    if (isEmpty(from) && !isEmpty(to)) count.emptied += 1;
    if (!isEmpty(from) && isEmpty(to)) count.filled += 1;
    if (count.first !== first) count.alike = false;
    this.#fields.set(key, count);
  }
}

/** The cells that a change writes: fields that are not only kept, the link, or the record itself. */
function cellsOf(line: Unknowns, action: string): readonly string[] {
  if (action === 'link' || action === 'unlink') {
    const to = objectOf(line['to']);
    return [linkCell(textOf(line['link']) ?? '', textOf(to['object']) ?? '', textOf(to['key']) ?? '')];
  }
  const later = new Set(textsOf(line['deferred']));
  const fields = Object.entries(objectOf(line['fields'])).flatMap(([field, move]) =>
    objectOf(move)['keeps'] === true || later.has(field) ? [] : [field],
  );
  if (action === 'delete') return [''];
  return action === 'update' ? fields : ['', ...fields];
}

function lostOf(one: Unknowns): PlanFacts['lost'][number] {
  return {
    object: textOf(one['object']) ?? '?',
    records: numberOf(one['records']),
    always: listOf(one['always']).flatMap((text) => textOf(text) ?? []),
    fields: listOf(one['fields'])
      .map(objectOf)
      .map(({ field, what, records }) => ({ field: textOf(field) ?? '?', what: textOf(what) ?? '', records: numberOf(records) })),
  };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function exampleOf(line: Unknowns, base: Pick<ChangeExample, 'object' | 'key' | 'field' | 'action'>, move: Unknowns): ChangeExample {
  const attribution = { ...objectOf(line['attribution']), ...objectOf(move['attribution']) };
  const writer = textOf(attribution['writer']);
  const at = textOf(attribution['at']);
  return {
    ...base,
    ...('from' in move ? { from: move['from'] } : {}),
    ...('to' in move ? { to: move['to'] } : {}),
    ...defined({ writer, at }),
  };
}
