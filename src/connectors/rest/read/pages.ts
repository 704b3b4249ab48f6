import { type CallOptions, defined, type HttpAnswer, type RunbackError } from '../../../lib/index.js';
import { compareIntegers } from '../../../records/index.js';
import { Cursors } from '../../http/cursors.js';
import { readOffsets } from '../../http/offsets.js';
import { incomplete } from '../../http/whole.js';
import type { ListDescription } from '../description/form.js';
import { listAt } from '../wire/api.js';
import { valueAt, wordAt } from '../wire/paths.js';
import { type Given, requestOf } from '../wire/request.js';
import { keyOf, misdescribed, type Type } from './record.js';

/** Records as a page gives them. */
export interface Page {
  readonly items: readonly unknown[];
  readonly total?: number;
  /** For messages: `GET /people?limit=10`. */
  readonly request: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

type Pages<By extends ListDescription['pages']['by']> = Extract<ListDescription['pages'], { readonly by: By }>;

/** Follows one list of an object type. `part`: where the description says how. */
class Following {
  constructor(
    /** With the request that was sent last. */
    public type: Type,
    readonly list: ListDescription,
    private readonly part: string,
    private readonly since: string | undefined,
    private readonly call: CallOptions,
  ) {}

  /** One page. */
  async page(given: Given, path?: string): Promise<Page> {
    const { api } = this.type;
    const asked = requestOf(this.list, { ...given, ...defined({ since: this.since }) });
    const method = asked.method === 'POST' && path === undefined ? 'POST' : 'GET';
    const request = `${method} ${path ?? asked.path}`;
    this.type = { ...this.type, request };
    const result = await api.look(method, api.signed(path ?? asked.path), method === 'POST' ? asked.body : undefined, this.call);
    if (result.kind !== 'answered' || (result.status >= 300 && !this.#isNoneYet(result))) throw api.failure(result);
    if (result.status >= 300) return { items: [], request, body: undefined, headers: {}, total: 0 };
    const items = listAt(result.body, this.list.items);
    if (items === undefined) throw this.misdescribed('items', `the list of ${this.type.object} has no list at ${this.list.items}`, result.body);
    const total = this.list.total === undefined ? undefined : valueAt(result.body, this.list.total);
    if (total !== undefined && !(typeof total === 'number' && Number.isSafeInteger(total) && total >= 0))
      throw this.misdescribed('total', `the list of ${this.type.object} says no number at ${this.list.total ?? ''}`, result.body);
    return { items, request, body: result.body, headers: result.headers, ...(typeof total === 'number' ? { total } : {}) };
  }

  /** There are none yet, by the word of the platform: of another list, that would be an error. */
  #isNoneYet({ status, body }: HttpAnswer): boolean {
    const code = this.type.api.codeOf(body);
    return status === 404 && (this.list.none_yet ?? []).some((one) => String(one) === code);
  }

  /**
   * Throws where a first page is full and names no next one: the file may name the wrong place for that, and the rest would be
   * left out without a word. A total that says that this is all settles it.
   */
  endsAfter({ items, total, body }: Page, size: number, next: string | undefined): void {
    if ((next !== undefined && next !== '') || items.length < size || total === items.length) return;
    throw this.misdescribed('pages', `the first page of ${this.type.object} is full, and names no next one`, body);
  }

  misdescribed(member: string, why: string, answer?: unknown): RunbackError {
    return misdescribed(this.type, [this.part, member], why, answer);
  }
}

/** All records of a list, as the platform gives them, each once. Throws `platform-nonsense`, `platform-incomplete`. */
export async function* pagesOf(
  type: Type,
  part: 'list' | 'changed',
  list: ListDescription,
  since: string | undefined,
  call: CallOptions,
): AsyncGenerator<Page> {
  const following = new Following(type, list, part, since, call);
  const { pages } = list;
  // Those see to it themselves.
  if (pages.by === 'offset' || (pages.by === 'key' && type.of.key_type === 'integer')) return yield* turned(following, pages);
  const seen = new Set<string>();
  for await (const page of turned(following, pages)) {
    const items = page.items.filter((item) => {
      const key = keyOf({ ...type, request: page.request }, item);
      return !seen.has(key) && seen.add(key);
    });
    yield { ...page, items };
  }
}

function turned(following: Following, pages: ListDescription['pages']): AsyncGenerator<Page> {
  switch (pages.by) {
    case 'none':
      return atOnce(following);
    case 'offset':
      return byOffset(following, pages);
    case 'page':
      return byNumber(following, pages);
    case 'cursor':
      return byCursor(following, pages);
    case 'link':
      return byLink(following, pages);
    case 'key':
      return byKey(following, pages);
  }
}

async function* atOnce(following: Following): AsyncGenerator<Page> {
  yield await following.page({});
}

async function* byOffset(following: Following, { size }: Pages<'offset'>): AsyncGenerator<Page> {
  const { type } = following;
  const list = {
    what: `the list of ${type.object}`,
    size,
    mayBeShort: true as const,
    keyOf: (item: unknown) => keyOf(following.type, item),
    page: async (offset: number, limit: number) => await following.page({ offset, limit }),
  };
  for await (const { items, total } of readOffsets(type.api, list))
    yield { items, request: following.type.request ?? '', body: undefined, headers: {}, ...defined({ total }) };
}

/** How often pages by number are read until they hold still. */
const MOST_ROUNDS = 5;

/**
 * Pages by number move where others delete meanwhile, and what moved over the edge of a page is on none: they are read again
 * until as many came as the platform says there are, from the first page to the last. Where it does not say, they are taken as
 * they come.
 */
async function* byNumber(following: Following, { size, first }: Pages<'page'>): AsyncGenerator<Page> {
  const { type } = following;
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const came = new Set<string>();
    const totals = new Set<number | undefined>();
    for (let number = first; ; number += 1) {
      const page = await following.page({ page: number, limit: size });
      totals.add(page.total);
      const fresh = page.items.filter((item) => !came.has(keyOf(following.type, item)));
      if (page.items.length === 0) break;
      if (fresh.length === 0) throw following.misdescribed('pages', `page ${String(number)} of ${type.object} is one that came before`);
      for (const item of fresh) came.add(keyOf(following.type, item));
      yield page;
      if (page.total !== undefined && came.size >= page.total) break;
    }
    const [total, another] = totals;
    if (another === undefined && (total === undefined || came.size === total)) return;
  }
  throw incomplete(type.api, `the list of ${type.object}`, 'It moves faster than it can be read.');
}

async function* byCursor(following: Following, { size, next }: Pages<'cursor'>): AsyncGenerator<Page> {
  const cursors = new Cursors(following.type.api);
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await following.page({ cursor, limit: size });
    yield page;
    const told = wordAt(page.body, next);
    if (first) following.endsAfter(page, size, told);
    cursor = cursors.next(told === '' || told === 'false' ? undefined : told);
  }
}

async function* byLink(following: Following, { size, next }: Pages<'link'>): AsyncGenerator<Page> {
  const seen = new Set<string>();
  for (let path: string | undefined, first = true; first || path !== undefined; first = false) {
    const page = await following.page({ limit: size }, path);
    yield page;
    const told = next === undefined ? nextOf(page.headers['link']) : wordAt(page.body, next);
    if (first) following.endsAfter(page, size, told);
    path = told === undefined || told === '' ? undefined : ownPath(following, told);
    // The address is not shown: platforms repeat in it what they were asked with.
    if (path !== undefined && seen.has(path)) throw following.misdescribed('pages', 'the next page is one that came before');
    if (path !== undefined) seen.add(path);
  }
}

/** The next page by the header `Link` (RFC 8288). */
function nextOf(header: string | undefined): string | undefined {
  for (const [, address, rest = ''] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/gu))
    if (/;\s*rel\s*=\s*"?([^";]*\s)?next\b/iu.test(rest)) return address;
  return undefined;
}

/** What is behind the origin. Credentials are sent nowhere else. */
function ownPath(following: Following, told: string): string {
  const base = new URL(following.type.api.origin);
  const url = URL.canParse(told, base.href) ? new URL(told, base) : undefined;
  if (url?.host !== base.host) throw following.misdescribed('pages', 'the next page is said to be on another server');
  return url.pathname + url.search;
}

async function* byKey(following: Following, { size, first }: Pages<'key'>): AsyncGenerator<Page> {
  const { type } = following;
  for (let after: string | undefined; ;) {
    const page = await following.page({ limit: size, after: after ?? first });
    if (page.items.length === 0) return;
    const keys = page.items.map((item) => keyOf(following.type, item));
    const last = keys.at(-1);
    if (after !== undefined && keys.includes(after))
      throw following.misdescribed('pages', `the list of ${type.object} does not continue after ${after}`);
    // Of others nobody knows how the platform sorts them.
    const ordered = type.of.key_type === 'integer' ? [...(after === undefined ? [] : [after]), ...keys] : [];
    if (ordered.some((key, n) => n > 0 && compareIntegers(ordered[n - 1] ?? '', key) >= 0))
      throw following.misdescribed('pages', `the list of ${type.object} is not sorted by its key, so that the next page would leave some out`);
    yield page;
    after = last;
  }
}
