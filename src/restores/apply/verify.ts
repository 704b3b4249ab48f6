import { type CallOptions, defined, silentReporter } from '../../lib/index.js';
import { ownValue, sameButForm, type Fields, type FieldSchema, type ObjectSchema, type Value } from '../../records/index.js';
import { fieldOf, sameSide } from '../decide/conflicts.js';
import { nameOf } from '../decide/order.js';
import { byHandLeft } from '../plan/facts/by-hand.js';
import { pairName } from '../plan/links/names.js';
import { LINK_KEYS, readLive, readLiveLinks } from '../plan/objects/live.js';
import type { RestoreDeps } from '../plan/plan.js';
import { Batches } from '../records/batches.js';
import { checkAccount } from '../records/bound.js';
import { foldRestore, readCreated, RESTORES } from '../records/journal.js';
import { readPlan } from '../records/plan-file.js';
import { linkOf, schemaOf } from '../records/platform-items.js';
import { tallyOf } from '../records/tally.js';
import type { Plan, LinkChange, PlanChange, RecordChange, VerifySummary } from '../types.js';
import { lengthOf, Together } from './sending/batching.js';

const EXAMPLES = 100;

/**
 * Reads the keys of a plan and counts which of its changes are not so on the platform. Changes that the restore skipped
 * because somebody had edited the record since count as conflicts, unless the damage is still there. Writes nothing.
 *
 * Throws `not-found`, `plan-tampered`, `plan-other-account`, and what the connector throws.
 */
export async function verifyRestore(planId: string, deps: RestoreDeps, options: CallOptions = {}): Promise<VerifySummary> {
  const plan = await readPlan(deps.store, planId);
  checkAccount(plan.header, deps.platform, deps.movedTo);
  const check = new Check(plan, deps, await applied(plan, deps), options);
  const batch = new Together<PlanChange>();
  const { read } = deps.platform.connector.capabilities.batch;
  const sizeOf = (change: PlanChange): number => ('link' in change ? LINK_KEYS : read);
  for await (const line of plan.lines()) {
    if (line.kind !== 'change') continue;
    const [first] = batch.items;
    const length = lengthOf(line);
    if (first !== undefined && (targetOf(first) !== targetOf(line) || !batch.takes(length, sizeOf(first)))) await check.changes(batch.take());
    batch.add(line, length);
  }
  if (!batch.isEmpty) await check.changes(batch.take());
  return { ...check.summary(), byHand: await byHandLeft(plan, check.keyOf, deps.platform, options) };
}

/** Changes with one target are read together: of links, all kinds between two object types. */
function targetOf(change: PlanChange): string {
  return 'link' in change ? `${change.from.object}~${change.to.object}` : change.object;
}

/** What the restores of this plan that were not undone did. */
async function applied(plan: Plan, deps: RestoreDeps): Promise<Batches> {
  let latest = new Batches(false);
  for (const id of await deps.store.journals(RESTORES)) {
    if ((await readCreated(deps.store, id))?.plan !== plan.header.id) continue;
    const { apply, summary } = await foldRestore(deps.store, id);
    if (summary.state !== 'undone') latest = apply;
  }
  return latest;
}

class Check {
  readonly #plan: Plan;
  readonly #deps: RestoreDeps;
  readonly #apply: Batches;
  readonly #options: CallOptions;
  readonly #examples: VerifySummary['examples'][number][] = [];
  /** What fields held before interim values, by record. */
  readonly #interims = new Map<string, RecordChange['fields']>();
  #checked = 0;
  #remaining = 0;
  #damaged = 0;
  /** Changes that were left because of what someone wrote since. */
  #edited = 0;
  /** Conflicts of the plan. */
  readonly #conflicts: number;

  constructor(plan: Plan, deps: RestoreDeps, apply: Batches, options: CallOptions) {
    this.#plan = plan;
    this.#deps = deps;
    this.#apply = apply;
    this.#options = options;
    this.#conflicts = Object.values(plan.header.counts.conflicts).reduce((sum, count) => sum + count, 0);
  }

  async changes(changes: readonly PlanChange[]): Promise<void> {
    const records: RecordChange[] = [];
    for (const change of changes)
      if (!('link' in change)) {
        if (change.interim === true) this.#interims.set(nameOf(change), change.fields);
        else records.push(change);
      }
    const links = changes.filter((change): change is LinkChange => 'link' in change);
    const [record] = records;
    if (record !== undefined) await this.#records(record.object, records);
    if (links.length > 0) await this.#links(links);
    this.#checked += records.length + links.length;
    const total = Object.values(this.#plan.header.counts.actions).reduce((sum, count) => sum + count, 0);
    (this.#options.reporter ?? silentReporter).progress({ task: 'Verifying', done: this.#checked, total, unit: 'records' });
  }

  /** The present key of a record. */
  readonly keyOf = (object: string, key: string): string => this.#apply.keyOf(object, key);

  summary(): Omit<VerifySummary, 'byHand'> {
    const { beside } = tallyOf(this.#apply);
    return {
      plan: this.#plan.header.id,
      ...defined({ beside }),
      checked: this.#checked,
      remaining: this.#remaining,
      damaged: this.#damaged,
      conflicts: this.#conflicts + this.#edited,
      ...(this.#edited === 0 ? {} : { edited: this.#edited }),
      examples: this.#examples,
    };
  }

  async #records(object: string, changes: readonly RecordChange[]): Promise<void> {
    const keyOf = (change: RecordChange): string => this.#apply.keyOf(object, change.key);
    const schema = schemaOf(this.#plan.schema, object);
    const live = await readLive(this.#deps.platform, schema, [...new Set(changes.map(keyOf))], [], this.#options);
    for (const change of changes) {
      const record = live.records.get(keyOf(change));
      if (change.action === 'delete') {
        if (record !== undefined) this.#wrong(change, { object, key: change.key, why: 'it still exists' }, true);
      } else if (record === undefined) this.#wrong(change, { object, key: change.key, why: 'it does not exist' }, change.action !== 'update');
      else this.#fields(schema, change, record.fields);
    }
  }

  /** A record counts once: for a field that is still damaged, else for one that holds something else. */
  #fields(schema: ObjectSchema, change: RecordChange, live: Fields): void {
    const { object, key } = change;
    const left = this.#apply.left.get(String(change.n)) ?? [];
    const stored = this.#apply.stored.get(String(change.n)) ?? {};
    const altered = this.#apply.altered.get(String(change.n)) ?? [];
    const typeOf = (name: string): FieldSchema['type'] => fieldOf(schema, name)?.type ?? 'other';
    const interim = this.#interims.get(nameOf(change)) ?? {};
    const differing = Object.entries(change.fields).flatMap(([field, move]) => {
      if (change.deferred?.includes(field) === true) return [];
      const reference = ownValue(change.references ?? {}, field);
      // What was only to be kept is as it was when its record was written; nothing is expected of it where that was
      // not.
      const kept = move.keeps === true ? ownValue(this.#apply.kept.get(String(change.n)) ?? {}, field) : null;
      if (kept === undefined) return [];
      const planned = move.keeps === true ? kept : (move.to ?? null);
      const expected = reference === undefined ? planned : this.#apply.keyOf(reference.object, reference.key);
      const now = ownValue(live, field);
      const inOwnForm = ownValue(stored, field) === undefined ? sameButForm(now, expected, typeOf(field)) : sameSide(now, ownValue(stored, field));
      // Before an interim value the damage was there: neither may stay.
      const damages = [move.from, (ownValue(interim, field) ?? move).from];
      const stillDamaged = move.keeps !== true && damages.some((from) => sameSide(now, from)) && ownValue(stored, field) === undefined;
      if (sameSide(now, expected) || (inOwnForm && !stillDamaged && !altered.includes(field))) return [];
      return [{ field, expected, now, stillDamaged }];
    });
    // Fields that are decided as one are left as one: where somebody edited one of them, the damage in the others is
    // theirs to decide.
    const groupOf = (field: string): string => fieldOf(schema, field)?.group ?? `field ${field}`;
    const skipped = (field: string): boolean => left.includes(field) || this.#apply.statuses.get(String(change.n)) === 'moved';
    const edited = new Set(differing.filter((one) => !one.stillDamaged && skipped(one.field)).map(({ field }) => groupOf(field)));
    for (const one of differing) if (skipped(one.field) && edited.has(groupOf(one.field))) one.stillDamaged = false;
    const worst = differing.find((one) => one.stillDamaged) ?? differing.find((one) => !left.includes(one.field)) ?? differing[0];
    if (worst === undefined) return;
    const { field, expected, now, stillDamaged } = worst;
    if (!stillDamaged && left.includes(field)) {
      this.#edited += 1;
      return;
    }
    const gaveUp = ownValue(interim, field) !== undefined && sameSide(now, ownValue(interim, field)?.to);
    const why = gaveUp
      ? 'it gave up its value, and could not get the new one'
      : stillDamaged
        ? 'the damage is still there'
        : altered.includes(field) && sameSide(now, ownValue(stored, field))
          ? 'the platform stored another value that was written'
          : 'it has another value';
    this.#wrong(change, { object, key, field, expected, ...defined({ live: now }), why }, stillDamaged);
  }

  async #links(changes: readonly LinkChange[]): Promise<void> {
    const endsOf = (change: LinkChange): { from: string; to: string } => ({
      from: this.#apply.keyOf(change.from.object, change.from.key),
      to: this.#apply.keyOf(change.to.object, change.to.key),
    });
    const asked = changes.map((change) => endsOf(change).from);
    const { connector } = this.#deps.platform;
    const there = new Map<string, ReadonlySet<string>>();
    // Links of several kinds come in one answer: within one view they are asked for once.
    await connector.beginRead?.(this.#options);
    try {
      for (const change of changes) {
        if (there.has(change.link)) continue;
        const link = linkOf(this.#plan.schema, change.link, change.from.object, change.to.object);
        const found = await readLiveLinks(this.#deps.platform, link, 'from', asked, this.#options);
        there.set(change.link, new Set(found.map(pairName)));
      }
    } finally {
      await connector.endRead?.();
    }
    const aboutEnds = (reason: string | undefined): boolean => reason === 'deleted-later' || reason === 'parent-missing';
    const gone = await this.#withoutEnd(changes.filter((change) => aboutEnds(this.#apply.whys.get(String(change.n))?.reason)));
    for (const change of changes)
      if (there.get(change.link)?.has(pairName(endsOf(change))) !== (change.action === 'link')) {
        if (gone.has(change.n)) {
          this.#edited += 1;
          continue;
        }
        const why =
          change.action === 'link'
            ? `it is not linked to ${change.to.object} ${change.to.key}`
            : `it is still linked to ${change.to.object} ${change.to.key}`;
        this.#wrong(change, { object: change.from.object, key: change.from.key, field: change.link, why }, true);
      }
  }

  /** Numbers of the links of which a record at one end is not there any more: nobody can make such a link. */
  async #withoutEnd(changes: readonly LinkChange[]): Promise<ReadonlySet<number>> {
    const gone = new Set<number>();
    for (const end of ['from', 'to'] as const)
      for (const object of new Set(changes.map((change) => change[end].object))) {
        const at = changes.filter((change) => change[end].object === object);
        const keys = [...new Set(at.map((change) => this.#apply.keyOf(object, change[end].key)))];
        const live = await readLive(this.#deps.platform, schemaOf(this.#plan.schema, object), keys, [], this.#options);
        for (const change of at) if (!live.records.has(this.#apply.keyOf(object, change[end].key))) gone.add(change.n);
      }
    return gone;
  }

  /**
   * Counts a change that is not so; one that the restore left alone because of a later edit is a conflict, if the
   * damage is gone.
   */
  #wrong(change: PlanChange, example: VerifySummary['examples'][number] & { readonly expected?: Value }, stillDamaged: boolean): void {
    if (this.#apply.statuses.get(String(change.n)) === 'moved' && !stillDamaged) {
      this.#edited += 1;
      return;
    }
    this.#remaining += 1;
    if (stillDamaged) this.#damaged += 1;
    if (this.#examples.length < EXAMPLES) this.#examples.push(example);
  }
}
