import type { PlatformSchema } from '../../../connectors/index.js';
import { ownValue, type LinkSchema } from '../../../records/index.js';
import { carriedLinks, type Carried } from '../../decide/graph.js';
import { nameOf, type RecordDraft } from '../../decide/order.js';
import type { NotCovered } from '../../types.js';
import type { Draft } from './draft.js';
import type { Facts, Held, Keyed, Known, LinkOfKind } from './facts.js';

/**
 * The last stage of planning: writes facts into the draft of the plan, and answers what is known by them. Nothing else
 * keeps anything.
 */
export class Recorder implements Known {
  readonly #draft: Draft;
  readonly #carried: readonly Carried[];
  readonly #created = new KeySets();
  readonly #present = new KeySets();
  readonly #absent = new KeySets();
  readonly #returning = new KeySets();
  readonly #deletes = new Map<string, Map<string, RecordDraft>>();
  readonly #repointed = new Set<string>();
  readonly #recreated = new Map<string, string>();
  readonly #waiting: Held[] = [];
  readonly #linksOfDeletes: LinkOfKind[] = [];
  readonly #notCovered: NotCovered[];
  #nothing = 0;

  /** `notCovered`: what is known not to be covered before the first record is looked at. */
  constructor(draft: Draft, live: PlatformSchema, notCovered: readonly NotCovered[]) {
    this.#draft = draft;
    this.#carried = carriedLinks(live);
    this.#notCovered = [...notCovered];
  }

  /** What the plan does not cover, in the order in which it was found. */
  get notCovered(): readonly NotCovered[] {
    return this.#notCovered;
  }

  /** Differences that need nothing. */
  get nothingToDo(): number {
    return this.#nothing;
  }

  get waiting(): readonly Held[] {
    return this.#waiting;
  }

  get linksOfDeletes(): readonly LinkOfKind[] {
    return this.#linksOfDeletes;
  }

  /** Records what one stage found out. */
  record(facts: Facts): void {
    this.#nothing += facts.nothing ?? 0;
    for (const conflict of facts.conflicts ?? []) this.#draft.conflict(conflict);
    for (const change of facts.changes ?? []) this.#change(change);
    for (const change of facts.deletes ?? []) this.#draft.record(change);
    for (const link of facts.links ?? []) this.#draft.link(link);
    this.#created.add(facts.created);
    this.#present.add(facts.present);
    this.#absent.add(facts.absent);
    for (const { object, key, as } of facts.recreated ?? []) this.#recreated.set(nameOf({ object, key }), as);
    for (const one of facts.waiting ?? []) this.#waiting.push(one);
    for (const one of facts.linksOfDeletes ?? []) this.#linksOfDeletes.push(one);
    for (const one of facts.notCovered ?? []) this.#notCovered.push(one);
  }

  stands(object: string, key: string): boolean {
    return this.#present.has(object, key) || this.returns(object, key);
  }

  returns(object: string, key: string): boolean {
    return this.#returning.has(object, key);
  }

  isAbsent(object: string, key: string): boolean {
    return this.#absent.has(object, key);
  }

  isCreated(object: string, key: string): boolean {
    return this.#created.has(object, key);
  }

  deleteOf(object: string, key: string): RecordDraft | undefined {
    return this.#deletes.get(object)?.get(key);
  }

  *deletes(object?: string): Iterable<RecordDraft> {
    if (object !== undefined) yield* this.#deletes.get(object)?.values() ?? [];
    else for (const changes of this.#deletes.values()) yield* changes.values();
  }

  isRepointed(link: LinkSchema, key: string): boolean {
    return this.#repointed.has(referenceName(link, key));
  }

  presentKey(object: string, key: string): string {
    return this.#recreated.get(nameOf({ object, key })) ?? key;
  }

  #change(change: RecordDraft): void {
    const { action, object, key } = change;
    if (action === 'delete') {
      const waiting = this.#deletes.get(object);
      if (waiting === undefined) this.#deletes.set(object, new Map([[key, change]]));
      else waiting.set(key, change);
      return;
    }
    this.#draft.record(change);
    if (action === 'create' || action === 'undelete') this.#returning.add([[object, [key]]]);
    for (const link of this.#carried)
      if (link.from === object && link.viaFields.some((name) => ownValue(change.fields, name) !== undefined))
        this.#repointed.add(referenceName(link, key));
  }
}

/** Sets of keys by object type. */
class KeySets {
  readonly #sets = new Map<string, Set<string>>();

  add(keyed: Keyed = []): void {
    for (const [object, keys] of keyed) {
      let known = this.#sets.get(object);
      if (known === undefined) this.#sets.set(object, (known = new Set()));
      for (const key of keys) known.add(key);
    }
  }

  has(object: string, key: string): boolean {
    return this.#sets.get(object)?.has(key) === true;
  }
}

/** Identity of a record's reference by one carried link. */
function referenceName(link: LinkSchema, key: string): string {
  return `${link.from}\u0000${link.kind}\u0000${key}`;
}
