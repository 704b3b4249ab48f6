import type { ItemResult } from './items.js';

type Status = ItemResult['status'];

const STATUSES: readonly Status[] = ['applied', 'moved', 'rejected', 'failed', 'in_doubt'];
const CODES = new Map(STATUSES.map((status, index) => [status, index + 1]));
/**
 * Bit of an item that was, or may have been, sent at least once. The lower ones are its status, 0 where it has none.
 */
const SENT = 0x80;
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/**
 * The last known status of every item that has one, and which were sent: a byte for each change of the plan, since a
 * large restore has hundreds of thousands of them and nearly all ended well.
 */
export class Statuses {
  /** Bytes of the changes of the plan, by their number. */
  readonly #pages = new Map<number, Uint8Array>();
  /** The same of items whose id is no plain number. */
  readonly #others = new Map<string, number>();

  get(id: string): Status | undefined {
    return STATUSES[(this.#mark(id) & ~SENT) - 1];
  }

  /** The same of a change of the plan, by its number. */
  ofChange(n: number): Status | undefined {
    return STATUSES[((this.#pages.get(n >>> PAGE_BITS)?.[n % PAGE] ?? 0) & ~SENT) - 1];
  }

  has(id: string): boolean {
    return (this.#mark(id) & ~SENT) !== 0;
  }

  /** True for an item that was, or may have been, sent at least once. */
  wasSent(id: string): boolean {
    return (this.#mark(id) & SENT) !== 0;
  }

  set(id: string, status: Status): void {
    this.#put(id, (this.#mark(id) & SENT) | (CODES.get(status) ?? 0));
  }

  sent(id: string): void {
    this.#put(id, this.#mark(id) | SENT);
  }

  /** Forgets an item, also that it was sent. */
  delete(id: string): void {
    this.#put(id, 0);
  }

  /** Ids of the items that have one of these statuses: the changes of the plan first. */
  *having(...wanted: readonly Status[]): Generator<string> {
    const codes = new Set(wanted.map((status) => CODES.get(status)));
    for (const [page, marks] of this.#pages)
      for (let n = 0; n < PAGE; n += 1) {
        const mark = marks[n] ?? 0;
        if (mark !== 0 && codes.has(mark & ~SENT)) yield String(page * PAGE + n);
      }
    for (const [id, mark] of this.#others) if (codes.has(mark & ~SENT)) yield id;
  }

  #mark(id: string): number {
    const n = numberOf(id);
    return (n === -1 ? this.#others.get(id) : this.#pages.get(n >>> PAGE_BITS)?.[n % PAGE]) ?? 0;
  }

  #put(id: string, mark: number): void {
    const n = numberOf(id);
    if (n === -1) {
      this.#others.set(id, mark);
      return;
    }
    let page = this.#pages.get(n >>> PAGE_BITS);
    if (page === undefined) this.#pages.set(n >>> PAGE_BITS, (page = new Uint8Array(PAGE)));
    page[n % PAGE] = mark;
  }
}

const ZERO = 0x30;

/** The number that an id is the plain text of; -1 where it is none. */
function numberOf(id: string): number {
  if (id.length === 0 || id.length > 9 || (id.length > 1 && id.charCodeAt(0) === ZERO)) return -1;
  let n = 0;
  for (let at = 0; at < id.length; at += 1) {
    const digit = id.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    n = 10 * n + digit;
  }
  return n;
}
