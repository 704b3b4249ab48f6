import type { PlatformSchema } from '../connectors/index.js';
import { canonicalJson } from '../lib/index.js';
import { own, put, type ObjectSchema } from '../records/index.js';
import { carriedLinks, objectOrder, referenceOf } from './graph.js';
import { nameOf, orderByUnique, orderCreates, orderDeletes, type LinkDraft, type RecordDraft } from './order.js';
import { LineSpool } from './spool.js';
import type { PlanChange, PlanConflict, PlanLine, RecordChange } from './types.js';

/**
 * Changes and conflicts as they are decided, in any order; {@link Draft.lines} gives them in the order of application:
 * what gives up a unique value that is needed, creates (parents first), updates, links, unlinks, deletes (children first), conflicts.
 */
export class Draft {
  readonly #schema: PlatformSchema;
  readonly #objects: ReadonlyMap<string, ObjectSchema>;
  readonly #creates = new Map<string, LineSpool>();
  readonly #updates = new Map<string, LineSpool>();
  readonly #deletes = new Map<string, LineSpool>();
  readonly #links = new LineSpool();
  readonly #unlinks = new LineSpool();
  readonly #conflicts = new LineSpool();
  /** Unique values that creates and updates take. */
  readonly #taken = new Set<string>();
  /** Records that are created under a new key. */
  readonly #renamed = new Set<string>();
  nothingToDo = 0;

  constructor(schema: PlatformSchema) {
    this.#schema = schema;
    this.#objects = new Map(schema.objects.map((object) => [object.object, object]));
  }

  /** Adds a change of a record. At most one update, create or delete per record. */
  record(draft: RecordDraft): void {
    const { action, object } = draft;
    const spools = action === 'update' ? this.#updates : action === 'delete' ? this.#deletes : this.#creates;
    let spool = spools.get(object);
    if (spool === undefined) spools.set(object, (spool = new LineSpool()));
    spool.push(canonicalJson(draft));
    if (action !== 'delete')
      for (const field of this.#unique(object)) if (own(draft.fields, field)?.to !== undefined) this.#taken.add(valueName(draft, field, 'to'));
    if (action === 'create' && this.#objects.get(object)?.createWithKey === false) this.#renamed.add(nameOf(draft));
  }

  /** Adds a change of a link. */
  link(draft: LinkDraft): void {
    (draft.action === 'link' ? this.#links : this.#unlinks).push(canonicalJson(draft));
  }

  /** Adds what a person has to decide. */
  conflict(conflict: PlanConflict): void {
    this.#conflicts.push(canonicalJson(conflict));
  }

  /** All lines in the order of application, numbered from 1; conflicts last. */
  *lines(): Iterable<PlanLine> {
    let n = 0;
    for (const draft of this.#drafts()) {
      if ('kind' in draft) yield draft;
      else {
        n += 1;
        yield this.#numbered(draft, n);
      }
    }
    for (const line of this.#conflicts.read()) yield JSON.parse(line) as PlanConflict;
  }

  *#drafts(): Iterable<RecordDraft | LinkDraft | PlanConflict> {
    const order = objectOrder(this.#schema);
    const deletes = this.#orderedDeletes(order);
    const givesUp = (draft: RecordDraft): boolean =>
      this.#unique(draft.object).some((field) => own(draft.fields, field)?.from !== undefined && this.#taken.has(valueName(draft, field, 'from')));
    const early = new Set(deletes.drafts.filter((draft) => draft.action === 'delete' && givesUp(draft)).map((draft) => nameOf(draft)));
    for (const draft of deletes.drafts) if (early.has(nameOf(draft))) yield draft;
    const creating = new Set(this.#creates.keys());
    for (const [object, spool] of this.#updates)
      if (creating.has(object)) for (const draft of this.#sorted(object, spool)) if (givesUp(draft)) yield draft;
    const after: RecordDraft[] = [];
    for (const group of order) {
      if (!group.cyclic) {
        for (const object of group.objects) yield* parse<RecordDraft>(this.#creates.get(object));
        continue;
      }
      const ordered = orderCreates(
        this.#schema,
        group.objects.flatMap((object) => [...parse<RecordDraft>(this.#creates.get(object))]),
      );
      yield* ordered.first;
      yield* ordered.conflicts;
      after.push(...ordered.last);
    }
    yield* after;
    for (const group of order)
      for (const object of group.objects)
        for (const draft of this.#sorted(object, this.#updates.get(object))) if (!(creating.has(object) && givesUp(draft))) yield draft;
    yield* parse<LinkDraft>(this.#links);
    yield* parse<LinkDraft>(this.#unlinks);
    for (const draft of deletes.drafts) if (!early.has(nameOf(draft))) yield draft;
    yield* deletes.conflicts;
  }

  /** Updates of one object type; those that hand unique values on are put in order. */
  *#sorted(object: string, spool: LineSpool | undefined): Iterable<RecordDraft> {
    const unique = this.#unique(object);
    const handing: RecordDraft[] = [];
    for (const draft of parse<RecordDraft>(spool)) {
      if (unique.some((field) => own(draft.fields, field) !== undefined)) handing.push(draft);
      else yield draft;
    }
    yield* orderByUnique(handing, unique);
  }

  /** Deletes, children before parents; conflicts where a ring cannot be broken. */
  #orderedDeletes(order: ReturnType<typeof objectOrder>): { readonly drafts: RecordDraft[]; readonly conflicts: PlanConflict[] } {
    const all: RecordDraft[] = [];
    const conflicts: PlanConflict[] = [];
    for (const group of [...order].reverse()) {
      const drafts = group.objects.flatMap((object) => [...parse<RecordDraft>(this.#deletes.get(object))]);
      if (!group.cyclic) all.push(...drafts);
      else {
        const ordered = orderDeletes(this.#schema, drafts);
        all.push(...ordered.first, ...ordered.last);
        conflicts.push(...ordered.conflicts);
      }
    }
    return { drafts: all, conflicts };
  }

  #numbered(draft: RecordDraft | LinkDraft, n: number): PlanChange {
    if ('link' in draft) return { kind: 'change', n, ...draft };
    const references: Record<string, { object: string; key: string }> = {};
    if (this.#renamed.size > 0 && draft.action !== 'delete')
      for (const link of carriedLinks(this.#schema)) {
        const [field] = link.viaFields;
        if (link.from !== draft.object || field === undefined || link.viaFields.length > 1) continue;
        const key = referenceOf(link, { [field]: own(draft.fields, field)?.to ?? null });
        if (key !== undefined && this.#renamed.has(nameOf({ object: link.to, key }))) put(references, field, { object: link.to, key });
      }
    const change: RecordChange = { kind: 'change', n, ...draft, ...(Object.keys(references).length === 0 ? {} : { references }) };
    return change;
  }

  #unique(object: string): string[] {
    const schema = this.#objects.get(object);
    return schema === undefined ? [] : schema.fields.filter((field) => field.unique === true).map((field) => field.name);
  }
}

function valueName(draft: RecordDraft, field: string, side: 'from' | 'to'): string {
  return JSON.stringify([draft.object, field, own(draft.fields, field)?.[side] ?? null]);
}

function* parse<T>(spool: LineSpool | undefined): Iterable<T> {
  if (spool !== undefined) for (const line of spool.read()) yield JSON.parse(line) as T;
}
