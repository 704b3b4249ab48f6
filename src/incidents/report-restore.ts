import { messageOf } from '../lib/index.js';
import type { JournalEntry, Store } from '../store/index.js';
import { correlationIdsIn, listOf, numberOf, objectOf, Tally, textOf } from './report-parse.js';
import type { FieldTally, Outcomes, RestoreFacts } from './report-types.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const STATUSES = { applied: 'applied', moved: 'moved', rejected: 'rejected', failed: 'failed', in_doubt: 'inDoubt' } as const;
const SHOWN_MESSAGES = 10;

/** What a restore did, read from its journal alone; as tolerant as the reader of runs. */
export async function readRestoreFacts(store: Store, id: string): Promise<RestoreFacts> {
  const reader = new RestoreReader(id);
  try {
    for await (const entry of store.journal('restores', id).read()) reader.take(entry);
  } catch (error) {
    return reader.facts(messageOf(error));
  }
  return reader.facts();
}

interface Item {
  readonly object: string;
  status: keyof Outcomes;
  reason?: string;
}

const none = (): Mutable<Outcomes> => ({ applied: 0, moved: 0, rejected: 0, failed: 0, inDoubt: 0 });

function talliesIn(value: unknown): readonly FieldTally[] {
  return listOf(value)
    .map(objectOf)
    .map(({ object, field, count }) => ({ object: textOf(object) ?? '?', field: textOf(field) ?? '', count: numberOf(count) }));
}

class RestoreReader {
  readonly #head: Mutable<Omit<RestoreFacts, keyof Outcomes | 'objects' | 'reasons' | 'messages' | 'correlationIds' | 'undone'>>;
  readonly #items = new Map<string, Item>();
  readonly #undone = new Set<string>();
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
      ...(problem === undefined ? {} : { problem }),
      ...sum,
      undone: this.#undone.size,
      objects: [...objects].map(([object, counts]) => ({ object, ...counts })).sort((a, b) => (a.object < b.object ? -1 : 1)),
      reasons: Object.fromEntries(reasons.sorted()),
      messages: [...this.#messages],
      correlationIds: [...this.#correlations],
    };
  }

  take(entry: JournalEntry): void {
    const { type, at, data } = entry;
    this.#head.lastHash = entry.hash;
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
        Object.assign(this.#head, { ...Object.fromEntries(texts), by: entry.by, state: 'running', startedAt: at, total: numberOf(data['total']) });
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
          if (id !== undefined && !id.includes('+') && result['status'] === 'applied') this.#undone.add(id);
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

  #intended(item: Readonly<Record<string, unknown>>): void {
    const id = textOf(item['id']);
    // What follows from a change (`7+fields`) is part of it and not counted again.
    if (id === undefined || id.includes('+')) return;
    this.#items.set(id, { object: textOf(item['object']) ?? textOf(item['fromObject']) ?? '?', status: 'inDoubt' });
  }

  #ended(result: Readonly<Record<string, unknown>>): void {
    for (const one of correlationIdsIn(result)) this.#correlations.add(one);
    const message = textOf(result['message']);
    const status = textOf(result['status']) ?? '';
    if (message !== undefined && status !== 'applied' && status !== 'moved' && this.#messages.size < SHOWN_MESSAGES) this.#messages.add(message);
    const id = textOf(result['id']);
    if (id === undefined || id.includes('+') || !Object.hasOwn(STATUSES, status)) return;
    const reason = textOf(result['reason']);
    const object = this.#items.get(id)?.object ?? '?';
    this.#items.set(id, { object, status: STATUSES[status as keyof typeof STATUSES], ...(reason === undefined ? {} : { reason }) });
  }
}
