import type { PlatformSchema } from '../../../connectors/index.js';
import { canonicalJson } from '../../../lib/index.js';
import { ownValue, setOwn, type Fields, type ObjectSchema, type UniqueSchema, type Value } from '../../../records/index.js';
import { carriedLinks, objectOrder, referenceOf, type Carried } from '../../decide/graph.js';
import { inLayers, placeOf, type Moving } from '../../decide/layers.js';
import { nameOf, orderCreates, orderDeletes, type LinkDraft, type RecordDraft } from '../../decide/order.js';
import { handingsOf, keyHanding, uniquesOf } from '../../decide/unique.js';
import { PlanCounter, UpdateCounter } from '../../records/plan-counter.js';
import { schemaOf } from '../../records/platform-items.js';
import { LineSpool } from '../../records/spool.js';
import type { FieldMove, PlanChange, PlanConflict, PlanLine, RecordChange } from '../../types.js';
import { again, lineOf, numbered, parse, unnumbering } from './draft-lines.js';

/**
 * Changes and conflicts as they are decided, in any order; {@link Draft.lines} gives them in the order of application:
 * what hands unique values on, in layers; creates (parents first), updates, links, unlinks, deletes (children first),
 * conflicts.
 */
export class Draft {
  readonly #schema: PlatformSchema;
  readonly #lineOf = unnumbering();
  /** Records per batch. */
  readonly #size: number;
  readonly #uniques: ReadonlyMap<string, readonly UniqueSchema[]>;
  readonly #objects: ReadonlyMap<string, ObjectSchema>;
  readonly #creates = new Map<string, LineSpool>();
  readonly #updates = new Map<string, LineSpool>();
  readonly #updatesCounted = new UpdateCounter();
  readonly #deletes = new Map<string, LineSpool>();
  readonly #links = new LineSpool();
  readonly #unlinks = new LineSpool();
  readonly #conflicts = new LineSpool();
  /** Unique values that changes take, and that they give up. */
  readonly #taken = new Set<string>();
  readonly #given = new Set<string>();
  /** How records come back, by record. */
  readonly #created = new Map<string, 'create' | 'undelete'>();
  /** Records that are created under a new key, or would be where they cannot be brought back. */
  readonly #renamed = new Set<string>();
  readonly #deleted = new Set<string>();
  /** What fields held before the interim values of an earlier plan, by record. */
  readonly #before = new Map<string, Readonly<Record<string, FieldMove>>>();

  constructor(schema: PlatformSchema, size: number) {
    this.#schema = schema;
    this.#size = size;
    this.#objects = new Map(schema.objects.map((object) => [object.object, object]));
    this.#uniques = new Map(schema.objects.map((object) => [object.object, uniquesOf(object)]));
  }

  /**
   * Adds a change of a record. At most one update, create or delete per record. Changes of an earlier plan are taken
   * too, in their order: what was ordered there by interim values is ordered anew.
   */
  record(planned: RecordDraft): void {
    if (planned.interim === true) {
      this.#before.set(nameOf(planned), { ...this.#before.get(nameOf(planned)), ...planned.fields });
      return;
    }
    const draft = this.#withoutInterim(planned);
    const { action, object } = draft;
    const spools = action === 'update' ? this.#updates : action === 'delete' ? this.#deletes : this.#creates;
    let spool = spools.get(object);
    if (spool === undefined) spools.set(object, (spool = new LineSpool()));
    spool.push(this.#lineOf(draft));
    if (action === 'update') this.#updatesCounted.add(draft);
    for (const { gives, takes } of this.#handings(draft)) {
      if (gives !== undefined) this.#given.add(gives);
      if (takes !== undefined) this.#taken.add(takes);
    }
    if (action === 'delete') this.#deleted.add(nameOf(draft));
    if (action === 'create' || action === 'undelete') this.#created.set(nameOf(draft), action);
    if ((action === 'create' || action === 'undelete') && this.#objects.get(object)?.createWithKey === false) this.#renamed.add(nameOf(draft));
  }

  /** Adds a change of a link. */
  link(draft: LinkDraft): void {
    (draft.action === 'link' ? this.#links : this.#unlinks).push(this.#lineOf(draft));
  }

  /** Adds what a person has to decide. */
  conflict(conflict: PlanConflict): void {
    this.#conflicts.push(canonicalJson(conflict));
  }

  /**
   * All lines as a plan holds them, in the order of application, numbered from 1; conflicts last. `counter` is told of
   * each.
   */
  *lines(counter = new PlanCounter()): Iterable<string> {
    const conflicts: PlanConflict[] = [];
    let n = 0;
    for (const draft of this.#drafts(conflicts, counter)) {
      n += 1;
      if (typeof draft === 'string') yield numbered(draft, n);
      else {
        const change = this.#numbered(draft, n);
        counter.count(change);
        yield canonicalJson(change);
      }
    }
    for (const conflict of conflicts) {
      counter.count(conflict);
      yield canonicalJson(conflict);
    }
    for (const text of this.#conflicts.read()) {
      counter.count(JSON.parse(text) as PlanConflict);
      yield text;
    }
  }

  /** The changes in their order; those that stay as they were taken, as texts that only lack their number: they are counted. */
  *#drafts(conflicts: PlanConflict[], counter: PlanCounter): Iterable<RecordDraft | LinkDraft | string> {
    const order = objectOrder(this.#schema);
    const objects = order.flatMap((group) => group.objects);
    const creates = this.#orderedCreates(order, conflicts);
    const deletes = this.#orderedDeletes(order, conflicts);
    const updates = objects.map((object) => this.#updates.get(object));
    const all = function* (): Iterable<RecordDraft> {
      for (const some of creates.drafts) yield* some;
      for (const spool of updates) yield* parse<RecordDraft>(spool);
      yield* deletes.drafts;
    };
    const moving = this.#moving(all);
    const places = new Set(moving.flatMap((draft) => (draft.interim === true ? [] : [placeOf(draft)])));
    const rest = function* (drafts: Iterable<RecordDraft>): Iterable<RecordDraft> {
      for (const draft of drafts) if (!places.has(placeOf(draft))) yield draft;
    };
    // References that are emptied before a delete: the deletes among what moves rely on it.
    const early = moving.some((draft) => draft.action === 'delete');
    if (early) yield* deletes.cleared;
    yield* moving;
    for (const some of creates.drafts) yield* rest(some);
    yield* creates.after;
    const asTaken = places.size === 0 && this.#renamed.size === 0;
    if (asTaken) counter.countUpdates(this.#updatesCounted);
    for (const spool of updates) yield* asTaken ? (spool?.read() ?? []) : rest(parse<RecordDraft>(spool));
    for (const spool of [this.#links, this.#unlinks])
      for (const text of spool.read()) {
        counter.count(lineOf(text) as PlanLine);
        yield text;
      }
    if (!early) yield* deletes.cleared;
    yield* rest(deletes.drafts);
  }

  /** Changes that hand unique values on to each other, and what has to come before them, in layers. */
  #moving(all: () => Iterable<RecordDraft>): readonly RecordDraft[] {
    const moved = new Set([...this.#taken].filter((value) => this.#given.has(value)));
    if (moved.size === 0) return [];
    const before = this.#befores(all);
    const wanted = new Set<string>();
    for (const draft of all())
      for (const { gives, takes } of this.#handings(draft))
        if ((gives !== undefined && moved.has(gives)) || (takes !== undefined && moved.has(takes))) wanted.add(placeOf(draft));
    for (const place of wanted) for (const needed of before.get(place) ?? []) wanted.add(needed);
    const moving: Moving[] = [];
    for (const draft of all()) {
      const place = placeOf(draft);
      if (wanted.has(place)) moving.push({ draft, handings: this.#handings(draft), after: before.get(place) ?? [] });
    }
    const carried = new Set(carriedLinks(this.#schema).flatMap((link) => link.viaFields.map((field) => JSON.stringify([link.from, field]))));
    return inLayers(moving, {
      schemaOf: (object) => schemaOf(this.#schema, object),
      carries: (object, field) => carried.has(JSON.stringify([object, field])),
      size: this.#size,
    });
  }

  /**
   * What has to stand before a change since records refer to each other by fields: parents are created before, children
   * go before.
   */
  #befores(all: () => Iterable<RecordDraft>): ReadonlyMap<string, readonly string[]> {
    const links = carriedLinks(this.#schema);
    const before = new Map<string, string[]>();
    const comes = (place: string, later: string): void => {
      const places = before.get(later);
      if (places === undefined) before.set(later, [place]);
      else places.push(place);
    };
    if (links.length === 0 || this.#created.size + this.#deleted.size === 0) return before;
    for (const draft of all())
      for (const link of links) {
        if (link.from !== draft.object) continue;
        const created = draft.action === 'delete' ? undefined : referred(link, draft, 'to');
        const how = created === undefined || created === nameOf(draft) ? undefined : this.#created.get(created);
        if (created !== undefined && how !== undefined) comes(`${how} ${created}`, placeOf(draft));
        const deleted = draft.action === 'create' || draft.action === 'undelete' ? undefined : referred(link, draft, 'from');
        if (deleted !== undefined && this.#deleted.has(deleted) && deleted !== nameOf(draft)) comes(placeOf(draft), `delete ${deleted}`);
      }
    return before;
  }

  /**
   * Creates, parents before children; what has to follow once all of them stand. Conflicts where a ring cannot be
   * closed.
   */
  #orderedCreates(
    order: ReturnType<typeof objectOrder>,
    conflicts: PlanConflict[],
  ): { readonly drafts: readonly Iterable<RecordDraft>[]; readonly after: readonly RecordDraft[] } {
    const drafts: Iterable<RecordDraft>[] = [];
    const after: RecordDraft[] = [];
    for (const group of order) {
      if (!group.cyclic) drafts.push(...group.objects.map((object) => again(this.#creates.get(object))));
      else {
        const ordered = orderCreates(
          this.#schema,
          group.objects.flatMap((object) => [...parse<RecordDraft>(this.#creates.get(object))]),
        );
        drafts.push(ordered.first);
        after.push(...ordered.last);
        conflicts.push(...ordered.conflicts);
      }
    }
    return { drafts, after };
  }

  /**
   * Deletes, children before parents, and the references that are emptied before. Conflicts where a ring cannot be
   * broken.
   */
  #orderedDeletes(
    order: ReturnType<typeof objectOrder>,
    conflicts: PlanConflict[],
  ): { readonly drafts: readonly RecordDraft[]; readonly cleared: readonly RecordDraft[] } {
    const all: RecordDraft[] = [];
    const cleared: RecordDraft[] = [];
    for (const group of [...order].reverse()) {
      const drafts = group.objects.flatMap((object) => [...parse<RecordDraft>(this.#deletes.get(object))]);
      if (!group.cyclic) all.push(...drafts);
      else {
        const ordered = orderDeletes(this.#schema, drafts);
        cleared.push(...ordered.first);
        all.push(...ordered.last);
        conflicts.push(...ordered.conflicts);
      }
    }
    return { drafts: all, cleared };
  }

  #numbered(draft: RecordDraft | LinkDraft, n: number): PlanChange {
    if ('link' in draft) return { ...draft, kind: 'change', n };
    const references: Record<string, { object: string; key: string; undeleted?: true }> = {};
    if (this.#renamed.size > 0 && draft.action !== 'delete')
      for (const link of carriedLinks(this.#schema)) {
        const [field] = link.viaFields;
        if (link.from !== draft.object || field === undefined || link.viaFields.length > 1) continue;
        // What only a new record takes is given to it, and may refer to others too.
        const value = ownValue(draft.fields, field)?.to ?? ('given' in draft ? ownValue(draft.given ?? {}, field) : undefined) ?? null;
        const key = referenceOf(link, { [field]: value });
        const name = key === undefined ? undefined : nameOf({ object: link.to, key });
        if (key === undefined || name === undefined || !this.#renamed.has(name)) continue;
        const undeleted = this.#created.get(name) === 'undelete' ? ({ undeleted: true } as const) : {};
        setOwn(references, field, { object: link.to, key, ...undeleted });
      }
    const change: RecordChange = { ...draft, kind: 'change', n, ...(Object.keys(references).length === 0 ? {} : { references }) };
    return change;
  }

  #handings(draft: RecordDraft): ReturnType<typeof handingsOf> {
    const schema = this.#objects.get(draft.object);
    if (schema === undefined) return [];
    const key = keyHanding(schema, draft);
    const uniques = this.#uniques.get(draft.object) ?? [];
    const others = uniques.length === 0 ? [] : handingsOf(schema, uniques, draft);
    return key === undefined ? others : [key, ...others];
  }

  /** A change as it was before an earlier plan put an interim value before it. */
  #withoutInterim(planned: RecordDraft): RecordDraft {
    if (planned.layer === undefined && this.#before.size === 0) return planned;
    const { layer: _layer, ...draft } = planned;
    const before = this.#before.get(nameOf(draft));
    if (before === undefined || draft.action === 'create' || draft.action === 'undelete') return draft;
    const fields: Record<string, FieldMove> = {};
    for (const [name, move] of Object.entries(draft.fields)) {
      const from = ownValue(before, name)?.from;
      // A field that was written only to take its interim value back stays out.
      const stays = draft.action === 'update' && ownValue(draft.stays ?? {}, name) !== undefined && ownValue(before, name) !== undefined;
      if (!stays) setOwn(fields, name, from === undefined ? move : { ...move, from });
    }
    return { ...draft, fields };
  }
}

/** The record that a change refers to by a carried link, before it or after it. */
function referred(link: Carried, draft: RecordDraft, side: 'from' | 'to'): string | undefined {
  const values: Record<string, Value> = {};
  for (const name of link.viaFields) setOwn(values, name, ownValue(draft.fields, name)?.[side] ?? null);
  const key = referenceOf(link, values satisfies Fields);
  return key === undefined ? undefined : nameOf({ object: link.to, key });
}
