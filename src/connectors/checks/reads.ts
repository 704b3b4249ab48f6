import type { Fields, PlatformRecord } from '../../records/index.js';
import { compareIn, compareKeys, isInteger, type Link, type ObjectSchema } from '../../records/index.js';
import type { LineBatch, PlatformSchema, ReadLinksRequest, ReadRequest, RecordBatch } from '../connector.js';
import { broken, READ_ONLY } from './broken.js';

/** What a check needs to know of a driver. */
export interface Checked {
  readonly kind: string;
  readonly ordered: boolean;
}

/** Object types and fields once each; links between object types that are there. */
export function checkSchema(kind: string, { objects, links }: PlatformSchema): void {
  const fail = (instead: string): Error => broken(kind, 'what it describes hangs together', instead, READ_ONLY);
  const names = new Set(objects.map(({ object }) => object));
  if (names.size < objects.length) throw fail('It described an object type twice');
  for (const { object, fields } of objects)
    if (new Set(fields.map(({ name }) => name)).size < fields.length) throw fail(`It described a field of ${object} twice`);
  for (const { kind: link, from, to } of links)
    if (!names.has(from) || !names.has(to)) throw fail(`Its link ${link} leads from ${from} to ${to}, of which one was not described`);
}

/**
 * Looks at each batch of one `read` as it passes. Of a whole read nothing is kept but one key: order where that is
 * promised, and repeats elsewhere, are for whoever gathers the records. Of a read of keys, the keys.
 */
export class ReadCheck {
  readonly #asked: ReadonlySet<string> | undefined;
  readonly #given = new Set<string>();
  readonly #aliased = new Set<string>();
  #last: string | undefined;

  constructor(
    private readonly of: Checked,
    private readonly request: Pick<ReadRequest, 'keys'> & { readonly schema: Pick<ObjectSchema, 'object' | 'keyOrder'> },
  ) {
    this.#asked = request.keys && new Set(request.keys);
  }

  /** Throws `connector-broken`. */
  batch({ records, history, aliases }: RecordBatch): void {
    for (const record of records) this.#record(record);
    for (const key of history?.keys() ?? []) if (this.#asked?.has(key) !== true) throw this.#unasked(`the history of ${key}`);
    for (const [key, present] of aliases ?? []) {
      if (this.#asked?.has(key) !== true) throw this.#unasked(`what became of ${key}`);
      if (present === key) throw this.#fail('an alias leads to another key', `It said that ${key} leads to ${quoted(present)}`);
      if (this.#given.has(key)) throw this.#fail('a key leads to one record', `It gave record ${key}, and said that ${key} is another record now`);
      this.#aliased.add(key);
    }
  }

  #record({ key, fields, meta }: PlatformRecord): void {
    if (typeof key !== 'string' || !isFields(fields) || !isFields(meta))
      throw this.#fail('a record has a key, fields and meta', `It gave one that lacks some of it: ${quoted(key)}`);
    const { keyOrder = 'text' } = this.request.schema;
    if (keyOrder === 'integer' && !isInteger(key))
      throw this.#fail('keys are what was declared', `It gave ${quoted(key)}, which is not a whole number`);
    if (this.#asked === undefined) {
      if (this.of.ordered && this.#last !== undefined && compareIn(keyOrder, this.#last, key) > 0)
        throw this.#fail('records come in the order of their keys', `It gave ${quoted(key)} after ${quoted(this.#last)}`);
      this.#last = key;
      return;
    }
    if (!this.#asked.has(key)) throw this.#unasked(`record ${key}`);
    if (this.#given.has(key)) throw this.#fail('each record comes once', `It gave record ${key} twice`);
    if (this.#aliased.has(key)) throw this.#fail('a key leads to one record', `It gave record ${key}, and said that ${key} is another record now`);
    this.#given.add(key);
  }

  #unasked(what: string): Error {
    return this.#fail('only what was asked for is given', `It gave ${what}, which was not asked for`);
  }

  #fail(promise: string, instead: string): Error {
    return broken(this.of.kind, promise, `${instead} (${this.request.schema.object})`, READ_ONLY);
  }
}

/**
 * Looks at each batch of one `readLinks` as it passes. Of a whole read in order one pair is kept, of one of keys the
 * pairs, else those of a batch.
 */
export class LinkCheck {
  readonly #from: ReadonlySet<string> | undefined;
  readonly #to: ReadonlySet<string> | undefined;
  #seen = new Set<string>();
  #last: Link | undefined;

  constructor(
    private readonly of: Checked,
    private readonly request: Pick<ReadLinksRequest, 'fromKeys' | 'toKeys'> & { readonly link: { readonly kind: string } },
  ) {
    this.#from = request.fromKeys && new Set(request.fromKeys);
    this.#to = request.toKeys && new Set(request.toKeys);
  }

  /** Throws `connector-broken`. */
  batch(links: readonly Link[]): void {
    const limited = this.#from !== undefined || this.#to !== undefined;
    for (const link of links) {
      const { from, to } = link;
      if (typeof from !== 'string' || typeof to !== 'string')
        throw this.#fail('a link has two ends', `It gave one from ${quoted(from)} to ${quoted(to)}`);
      if (limited && this.#from?.has(from) !== true && this.#to?.has(to) !== true)
        throw this.#fail('only what was asked for is given', `It gave the link from ${from} to ${to}, and neither end was asked for`);
      if (this.of.ordered) this.#inOrder(link);
      else this.#once(link);
    }
    if (!limited) this.#seen = new Set();
  }

  #inOrder(link: Link): void {
    const last = this.#last;
    this.#last = link;
    if (last === undefined) return;
    const order = compareKeys(last.from, link.from) || compareKeys(last.to, link.to);
    if (order === 0) throw this.#twice(link);
    if (order > 0) throw this.#fail('links come in the order of their ends', `It gave ${link.from} to ${link.to} after ${last.from} to ${last.to}`);
  }

  #once(link: Link): void {
    // The length tells where one end is over.
    const pair = `${String(link.from.length)} ${link.from}${link.to}`;
    if (this.#seen.has(pair)) throw this.#twice(link);
    this.#seen.add(pair);
  }

  #twice({ from, to }: Link): Error {
    return this.#fail('each link comes once', `It gave the link from ${from} to ${to} twice`);
  }

  #fail(promise: string, instead: string): Error {
    return broken(this.of.kind, promise, `${instead} (${this.request.link.kind})`, READ_ONLY);
  }
}

const NEWLINE = 10;

/** Finished lines: each ends with its newline, one after the other, and the last one ends the bytes. */
export function checkLines(kind: string, object: string, { bytes, ends }: LineBatch): void {
  let start = 0;
  for (const end of ends) {
    if (end <= start || bytes[end - 1] !== NEWLINE)
      throw broken(kind, 'finished lines are whole', `A line of ${object} does not end with its newline at byte ${String(end)}`, READ_ONLY);
    start = end;
  }
  if (start !== bytes.length)
    throw broken(kind, 'finished lines are whole', `Of ${object}, bytes ${String(start)} to ${String(bytes.length)} belong to no line`, READ_ONLY);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
