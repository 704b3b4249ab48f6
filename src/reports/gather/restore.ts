import { defined, messageOf } from '../../lib/index.js';
import { changeOfFields, isChange } from '../../restores/index.js';
import type { JournalEntry, Store } from '../../store/index.js';
import type { DecisionFacts, FieldTally, Outcomes, RestoreFacts } from '../types.js';
import type { RestoreWork, WorkItem } from './cells.js';
import { correlationIdsIn, listOf, numberOf, objectOf, Tally, textOf, textsOf, type Unknowns } from './parse.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const STATUSES = { applied: 'applied', moved: 'moved', rejected: 'rejected', failed: 'failed', in_doubt: 'inDoubt' } as const;
const SHOWN_MESSAGES = 10;

/** A restore, for people, for counting, and what people decided about it. */
export interface RestoreRead {
  readonly facts: RestoreFacts;
  readonly work: RestoreWork;
  readonly decisions: readonly DecisionFacts[];
}

/** What a restore did, read from its journal alone; as tolerant as the reader of runs. */
export async function readRestoreFacts(store: Store, id: string): Promise<RestoreRead> {
  const reader = new RestoreReader(id);
  let problem: string | undefined;
  try {
    for await (const entry of store.journal('restores', id).read()) reader.take(entry);
  } catch (error) {
    problem = messageOf(error);
  }
  return { facts: reader.facts(problem), work: reader.work(), decisions: reader.decisions };
}

/**
 * The facts of a restore, with the object types of what was never sent, which only its plan knows. `objects`: by number
 * of the change.
 */
export function withObjects({ facts, work }: RestoreRead, objects: ReadonlyMap<string, string>): RestoreFacts {
  const counts = new Map<string, Mutable<Outcomes>>();
  for (const [n, item] of work.items) {
    const object = item.object === UNKNOWN ? (objects.get(n) ?? UNKNOWN) : item.object;
    const own = counts.get(object) ?? none();
    counts.set(object, own);
    own[item.status] += 1;
  }
  return { ...facts, objects: [...counts].map(([object, own]) => ({ object, ...own })).sort((a, b) => (a.object < b.object ? -1 : 1)) };
}

/**
 * Which incidents a restore belongs to by its own journal, what it is of, and when it began. Undefined where it cannot
 * be read.
 */
export async function readRestoreOrigin(store: Store, id: string): Promise<RestoreOrigin | undefined> {
  try {
    for await (const { type, at, data } of store.journal('restores', id).read()) {
      if (type !== 'restore.created') return undefined;
      const incidents = Array.isArray(data['incidents']) ? { incidents: textsOf(data['incidents']) } : {};
      return { platform: textOf(data['platform']) ?? '', at, byHand: isByHand(data), ...incidents };
    }
  } catch {
    return undefined;
  }
  return undefined;
}

interface RestoreOrigin {
  readonly platform: string;
  /** ISO 8601. */
  readonly at: string;
  readonly byHand: boolean;
  /** Absent in journals of earlier versions. */
  readonly incidents?: readonly string[];
}

function isByHand(data: Readonly<Record<string, unknown>>): boolean {
  return textOf(data['run']) === undefined && textOf(data['step']) === undefined;
}

interface Item {
  readonly object: string;
  readonly key: string;
  status: keyof Outcomes;
  reason?: string;
  at: number;
  already: boolean;
  undoneAt?: number;
  /** Fields that are not as planned, with the reason. */
  readonly except: Map<string, string>;
}

/** Of what has no intent, since nothing was sent: its plan knows. */
const UNKNOWN = '?';

const none = (): Mutable<Outcomes> => ({ applied: 0, moved: 0, rejected: 0, failed: 0, inDoubt: 0 });

function talliesIn(value: unknown): readonly FieldTally[] {
  return listOf(value)
    .map(objectOf)
    .map(({ object, field, count }) => ({ object: textOf(object) ?? '?', field: textOf(field) ?? '', count: numberOf(count) }));
}

class RestoreReader {
  readonly #head: Mutable<Omit<RestoreFacts, keyof Outcomes | 'objects' | 'reasons' | 'messages' | 'correlationIds' | 'undone'>>;
  readonly #items = new Map<string, Item>();
  readonly #fills = new Map<string, readonly string[]>();
  readonly #recreated: (readonly [object: string, old: string, now: string])[] = [];
  readonly decisions: DecisionFacts[] = [];
  #now = 0;
  readonly #messages = new Set<string>();
  readonly #correlations = new Set<string>();

  constructor(id: string) {
    this.#head = {
      id,
      plan: '',
      platform: '',
      account: '',
      hash: '',
      by: '',
      byHand: false,
      state: 'unknown',
      startedAt: '',
      total: 0,
      beside: [],
      fieldsLeft: [],
      altered: [],
      lastHash: '',
    };
  }

  facts(problem?: string): RestoreFacts {
    const sum = none();
    const objects = new Map<string, Mutable<Outcomes>>();
    const reasons = new Tally();
    for (const { object, status, reason } of this.#items.values()) {
      const own = objects.get(object) ?? none();
      objects.set(object, own);
      own[status] += 1;
      sum[status] += 1;
      if (status === 'rejected') reasons.add(reason ?? 'rejected');
    }
    // Done means all of it; earlier versions wrote `done` whatever was left.
    const rest = this.#head.state === 'done' && sum.moved + sum.rejected + sum.failed + sum.inDoubt > 0;
    return {
      ...this.#head,
      ...(rest ? { state: 'partial' } : {}),
      ...defined({ problem }),
      ...sum,
      undone: [...this.#items.values()].filter(({ undoneAt }) => undoneAt !== undefined).length,
      objects: [...objects].map(([object, counts]) => ({ object, ...counts })).sort((a, b) => (a.object < b.object ? -1 : 1)),
      reasons: Object.fromEntries(reasons.sorted()),
      messages: [...this.#messages],
      correlationIds: [...this.#correlations],
    };
  }

  /** What it did to each record, for counting over several restores. */
  work(): RestoreWork {
    const { id, plan, platform, account, state } = this.#head;
    const items = new Map<string, WorkItem>();
    for (const [n, { object, key, status, reason, at, already, undoneAt, except }] of this.#items)
      items.set(n, {
        object,
        key,
        status,
        applied: status === 'applied',
        already,
        at,
        ...defined({ undoneAt }),
        except,
        why: status === 'rejected' ? (reason ?? 'rejected') : WHYS[status],
      });
    return { restore: id, plan, platform, account, undone: state === 'undone', items, recreated: this.#recreated };
  }

  take(entry: JournalEntry): void {
    const { type, at, data } = entry;
    this.#head.lastHash = entry.hash;
    // Times of one journal never go back here, whatever the clock did.
    this.#now = Math.max(this.#now, Date.parse(at) || 0);
    this.#decided(entry);
    const because = textOf(data['because']);
    if (type === 'restore.stopped' || type === 'restore.closed')
      Object.assign(this.#head, {
        beside: talliesIn(data['besideBy']),
        fieldsLeft: talliesIn(data['fieldsLeftBy']),
        altered: talliesIn(data['alteredBy']),
      });
    switch (type) {
      case 'restore.created': {
        const texts = (['plan', 'platform', 'account', 'hash'] as const).map((name) => [name, textOf(data[name]) ?? '']);
        Object.assign(this.#head, {
          ...Object.fromEntries(texts),
          by: entry.by,
          byHand: isByHand(data),
          state: 'running',
          startedAt: at,
          total: numberOf(data['total']),
        });
        return;
      }
      case 'batch.intent':
        for (const item of listOf(data['items']).map(objectOf)) this.#intended(item);
        return;
      case 'batch.outcome':
        for (const result of listOf(data['results']).map(objectOf)) this.#ended(result);
        return;
      case 'undo.outcome':
        for (const result of listOf(data['results']).map(objectOf)) {
          const id = textOf(result['id']);
          const item = id === undefined ? undefined : this.#items.get(id);
          if (item !== undefined && result['status'] === 'applied') item.undoneAt = this.#now;
          for (const one of correlationIdsIn(result)) this.#correlations.add(one);
        }
        return;
      case 'restore.stopped':
      case 'undo.stopped':
        for (const one of correlationIdsIn(data)) this.#correlations.add(one);
        this.#head.state = type === 'restore.stopped' ? 'stopped' : 'undo stopped';
        if (because !== undefined) this.#head.stoppedBecause = because;
        return;
      case 'restore.resumed':
        this.#head.state = 'running';
        delete this.#head.stoppedBecause;
        return;
      case 'restore.closed':
        Object.assign(this.#head, { state: data['state'] === 'partial' ? 'partial' : 'done', finishedAt: at });
        delete this.#head.stoppedBecause;
        return;
      case 'undo.created':
        this.#head.state = 'undoing';
        return;
      case 'undo.closed':
        Object.assign(this.#head, { state: 'undone', undoneAt: at });
        delete this.#head.stoppedBecause;
        return;
    }
  }

  #intended(item: Unknowns): void {
    const id = textOf(item['id']);
    if (id === undefined) return;
    if (changeOfFields(id) !== undefined) this.#fills.set(id, Object.keys(objectOf(item['set'])));
    if (!isChange(id)) return;
    const except = new Map<string, string>(textsOf(item['left']).map((field) => [field, 'moved-since-plan']));
    for (const field of listOf(item['refused']).map(objectOf)) except.set(textOf(field['field']) ?? '', 'field-left');
    this.#items.set(id, {
      object: textOf(item['object']) ?? textOf(item['fromObject']) ?? UNKNOWN,
      key: textOf(item['key']) ?? textOf(item['from']) ?? UNKNOWN,
      status: 'inDoubt',
      at: this.#now,
      already: false,
      except,
    });
  }

  #ended(result: Unknowns): void {
    for (const one of correlationIdsIn(result)) this.#correlations.add(one);
    const message = textOf(result['message']);
    const status = textOf(result['status']) ?? '';
    if (message !== undefined && status !== 'applied' && status !== 'moved' && this.#messages.size < SHOWN_MESSAGES) this.#messages.add(message);
    const id = textOf(result['id']);
    if (id === undefined || !Object.hasOwn(STATUSES, status)) return;
    this.#filled(id, status === 'applied');
    if (!isChange(id)) return;
    const reason = textOf(result['reason']);
    const before = this.#items.get(id);
    const except = new Map(before?.except);
    for (const field of textsOf(result['altered'])) except.set(field, 'altered');
    for (const field of Object.keys(objectOf(result['beside']))) except.set(field, 'beside');
    const item: Item = {
      object: before?.object ?? UNKNOWN,
      key: before?.key ?? textOf(result['key']) ?? UNKNOWN,
      status: STATUSES[status as keyof typeof STATUSES],
      ...defined({ reason }),
      at: this.#now,
      already: result['already'] === true,
      except,
    };
    this.#items.set(id, item);
    if (item.status === 'applied') this.#recreates(item, result);
  }

  /** Under which key a record stands that was created again. */
  #recreates({ object, key }: Item, result: Unknowns): void {
    const known = objectOf(result['recreated']);
    const [now, of, old] = [textOf(result['key']), textOf(known['object']) ?? object, textOf(known['key']) ?? key];
    if (now !== undefined && of !== UNKNOWN) this.#recreated.push([of, old, now]);
  }

  /** What was put right after its record is no longer beside the plan; what was not leaves it in part. */
  #filled(id: string, applied: boolean): void {
    const filled = changeOfFields(id);
    if (filled === undefined) return;
    const except = this.#items.get(filled)?.except;
    if (applied) for (const field of this.#fills.get(id) ?? []) except?.delete(field);
    else for (const field of this.#fills.get(id) ?? ['']) except?.set(field, except.get(field) ?? 'not-applied');
  }

  #decided({ type, at, by, data }: JournalEntry): void {
    const { id, plan } = this.#head;
    const evidence = { kind: 'restore', id } as const;
    const say = (kind: DecisionFacts['kind'], what: string, more: Partial<DecisionFacts> = {}): void => {
      this.decisions.push({ at, by, kind, what, evidence, ...more });
    };
    if (type === 'restore.created') {
      if (isByHand(data)) say('confirmed', `Restore of ${textOf(data['plan']) ?? '?'}, started by hand`, answerOf(textOf(data['confirmed'])));
      for (const one of isByHand(data) ? listOf(data['approvals']).map(objectOf) : [])
        say('approved', `Plan ${textOf(data['plan']) ?? '?'} over the limits`, { by: textOf(one['by']) ?? by, ...answerOf(textOf(one['hash'])) });
    }
    if (type === 'undo.created') say('undid', `Undo of the restore of ${plan}`);
    if (type === 'lock.taken') say('took a lock', `${textOf(data['lock']) ?? '?'}, held by ${textOf(objectOf(data['from'])['by']) ?? 'somebody'}`);
  }
}

const WHYS = { applied: 'not-applied', moved: 'moved-since-plan', failed: 'failed', inDoubt: 'in-doubt' } as const;

function answerOf(answer: string | undefined): { answer?: string } {
  return answer === undefined ? {} : { answer };
}
