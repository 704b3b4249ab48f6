import type { AgendaEntry } from '../../store/index.js';
import type { StoredPage } from './records.js';

/** Documents read or settled at once. */
export const AT_ONCE = 16;

/** A page that is being handled, with the entries of the agenda that led to it. */
export interface Job {
  readonly record: StoredPage;
  readonly entries: readonly AgendaEntry[];
}

/** What waits for one target: one message at a time. */
export interface Lane {
  readonly id: string;
  /** Taken from the agenda, nothing decided yet. */
  inbox: Job[];
  /** To be sent as they are. */
  readonly queue: Job[];
  /** Waiting for a token, by key. */
  readonly waiting: Map<string, Job>;
  /** When waiting pages may ask for room again; milliseconds. */
  wakeAt: number;
  running: boolean;
}

/** A lane with nothing in it. */
export function emptyLane(id: string): Lane {
  return { id, inbox: [], queue: [], waiting: new Map(), wakeAt: 0, running: false };
}

/** Counted places: who finds none waits in turn. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = Math.max(1, count);
  }

  async with<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Does the work for every item, some at a time. */
export async function forEach<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
