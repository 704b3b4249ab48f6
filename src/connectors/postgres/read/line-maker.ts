import { RunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { LineBatch } from '../../connector.js';
import type { Table } from '../schema/table.js';
import { presentFields } from './values.js';

/** Where a value of the line comes from, and how it is spelt. */
type Kind = 'text' | 'bare' | 'boolean' | 'key-text' | 'key-bare';

/** What a line is made of: for each value the bytes before it, then the value. */
export interface LinePlan {
  /**
   * Columns to copy: the key first (undefined: it takes an expression), then those of the values that are not the key.
   */
  readonly columns: readonly string[];
  readonly values: readonly { readonly before: Buffer; readonly kind: Kind }[];
  readonly after: Buffer;
}

/**
 * Plans lines that equal `recordLine` byte for byte. `keyColumn`: the one column whose text is the key, if it is one.
 */
export function planLines(schema: ObjectSchema, table: Table, keyColumn: string | undefined): LinePlan {
  const present = presentFields(schema, table).map(({ field, column }) => ({ ...field, value: column.value }));
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
  const sides = [
    { opening: ',"fields":{', fields: present.filter((field) => !field.readOnly).sort(byName) },
    { opening: '},"meta":{', fields: present.filter((field) => field.readOnly).sort(byName) },
  ];
  const columns: string[] = [];
  const values: { before: Buffer; kind: Kind }[] = [{ before: Buffer.from('{"key":'), kind: 'text' }];
  let pending = '';
  for (const { opening, fields } of sides) {
    pending += opening;
    for (const [index, field] of fields.entries()) {
      const before = Buffer.from(`${pending}${index === 0 ? '' : ','}${JSON.stringify(field.name)}:`);
      pending = '';
      const isKey = field.name === keyColumn && field.value !== 'boolean';
      if (!isKey) columns.push(field.name);
      const bare = field.value === 'integer';
      values.push({ before, kind: isKey ? (bare ? 'key-bare' : 'key-text') : field.value === 'boolean' ? 'boolean' : bare ? 'bare' : 'text' });
    }
  }
  return { columns, values, after: Buffer.from(`${pending}}}\n`) };
}

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const LOWER_T = 116;
const LOWER_V = 118;
const UPPER_N = 78;
const HEX = Buffer.from('0123456789abcdef');

/**
 * Bytes of one batch; the last line may make it a little more. Few, so that they are still in the processor's cache
 * when they are taken on.
 */
const BATCH_BYTES = 1 << 18;
/** Buffers kept for the next batches. */
const KEPT_BUFFERS = 3;
/** Rows up to this size are given room for the worst case without being looked at first. */
const SMALL_ROW = 1 << 14;
/** Bytes are moved so many at a time; what is moved too far is overwritten by what comes next. */
const WORD = 4;

/** Bytes of the plan as words; those after `length` mean nothing. */
interface Words {
  readonly words: Int32Array;
  readonly length: number;
}

function wordsOf(bytes: Buffer): Words {
  const padded = Buffer.concat([bytes, Buffer.alloc(WORD)]);
  const words = Int32Array.from({ length: Math.ceil(bytes.length / WORD) }, (_, n) => padded.readInt32LE(WORD * n));
  return { words, length: bytes.length };
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

const NULL = wordsOf(Buffer.from('null'));
const TRUE = wordsOf(Buffer.from('true'));
const FALSE = wordsOf(Buffer.from('false'));
const CONTROL = wordsOf(Buffer.from('\\u00'));
const VERTICAL_TAB = wordsOf(Buffer.from('\\u000b'));

/**
 * Turns rows of `COPY … TO STDOUT` (text format) into finished lines, on bytes: the escapes of COPY and of JSON are the
 * same for all but a few characters, so that most of a row is copied as it is, four bytes at a time. Not reentrant.
 */
export class LineMaker {
  private out: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  private view = viewOf(this.out);
  /** Bytes of `out` that are filled. */
  private length = 0;
  private ends: number[] = [];
  private readonly done: LineBatch[] = [];
  private readonly free: Buffer[] = [];
  private readonly values: readonly { readonly before: Words; readonly kind: Kind }[];
  private readonly after: Words;
  private readonly fixedBytes: number;
  /** Where rows come from, seen as words. */
  private source: Buffer = Buffer.alloc(0);
  private sourceView = viewOf(this.source);

  constructor({ values, after }: LinePlan) {
    this.values = values.map(({ before, kind }) => ({ before: wordsOf(before), kind }));
    this.after = wordsOf(after);
    this.fixedBytes = values.reduce((sum, { before }) => sum + before.length + 2 * WORD, after.length + 2 * WORD);
  }

  /** Finished batches, which the caller takes away. */
  take(): LineBatch | undefined {
    return this.done.shift();
  }

  /** Takes back a batch that nobody reads any more: a later one will lie in its memory. */
  giveBack({ bytes: { buffer } }: LineBatch): void {
    if (buffer.byteLength === BATCH_BYTES && this.free.length < KEPT_BUFFERS) this.free.push(Buffer.from(buffer));
  }

  /** Ends the batch that is being filled. */
  flush(): void {
    if (this.length > 0) this.done.push({ bytes: this.out.subarray(0, this.length), ends: this.ends });
    this.into(Buffer.alloc(0));
  }

  /**
   * Adds one row, `start` to `end` of `source`, its newline included. Throws `platform-nonsense` where it has other
   * columns.
   */
  row(source: Buffer, start: number, end: number): void {
    // Whatever else is wrong with it, nothing below runs on into what follows.
    if (source[end - 1] !== NEWLINE) throw otherColumns();
    this.reserve(source, start, end);
    if (this.source !== source) {
      this.source = source;
      this.sourceView = viewOf(source);
    }
    const { view, values } = this;
    let at = start;
    let keyStart = 0;
    let keyEnd = 0;
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i];
      if (value === undefined) throw otherColumns();
      const { before, kind } = value;
      this.put(before);
      if (kind === 'key-text' || kind === 'key-bare') {
        const from = keyStart + (kind === 'key-bare' ? 1 : 0);
        const length = keyEnd - keyStart - 2 * (from - keyStart);
        for (let b = 0; b < length; b += WORD) view.setInt32(this.length + b, view.getInt32(from + b, true), true);
        this.length += length;
        continue;
      }
      if (at >= end) throw otherColumns();
      if (source[at] === BACKSLASH && source[at + 1] === UPPER_N) {
        this.put(NULL);
        at += 3;
      } else if (kind === 'text') {
        if (i === 0) keyStart = this.length;
        at = this.text(at);
        if (i === 0) keyEnd = this.length;
      } else if (kind === 'bare') at = this.bare(at);
      else {
        this.put(source[at] === LOWER_T ? TRUE : FALSE);
        at += 2;
      }
    }
    if (at !== end) throw otherColumns();
    this.put(this.after);
    this.ends.push(this.length);
  }

  /** Adds bytes of the plan. */
  private put({ words, length }: Words): void {
    const { view } = this;
    let o = this.length;
    for (let n = 0; n < words.length; n += 1, o += WORD) view.setInt32(o, words[n] ?? 0, true);
    this.length += length;
  }

  /** Adds the value at `at` as a JSON string; gives where the next one begins. */
  private text(begin: number): number {
    const { source, sourceView, out, view } = this;
    const lastWord = source.length - WORD;
    let at = begin;
    let o = this.length;
    out[o++] = QUOTE;
    for (;;) {
      if (at <= lastWord) {
        const word = sourceView.getInt32(at, true);
        const special = specialIn(word);
        view.setInt32(o, word, true);
        // Bytes before the first special one.
        const plain = special === 0 ? WORD : (31 - Math.clz32(special & -special)) >> 3;
        o += plain;
        at += plain;
        if (plain === WORD) continue;
      }
      const byte = source[at++] ?? NEWLINE;
      if (byte === TAB || byte === NEWLINE) break;
      if (byte === QUOTE) {
        out[o++] = BACKSLASH;
        out[o++] = QUOTE;
      } else if (byte === BACKSLASH) {
        const next = source[at++] ?? 0;
        if (next === LOWER_V) {
          this.length = o;
          this.put(VERTICAL_TAB);
          o = this.length;
        } else {
          out[o++] = BACKSLASH;
          out[o++] = next;
        }
      } else if (byte < SPACE) {
        this.length = o;
        this.put(CONTROL);
        o = this.length;
        out[o++] = HEX[byte >> 4] ?? 0;
        out[o++] = HEX[byte & 15] ?? 0;
      } else out[o++] = byte;
    }
    out[o++] = QUOTE;
    this.length = o;
    return at;
  }

  /** Adds the value at `at` as it is; gives where the next one begins. */
  private bare(begin: number): number {
    const { source, out } = this;
    let at = begin;
    for (let byte = source[at++] ?? NEWLINE; byte !== TAB && byte !== NEWLINE; byte = source[at++] ?? NEWLINE) out[this.length++] = byte;
    return at;
  }

  /** Makes room for the worst that a row can become: six bytes for one, and its key twice. */
  private reserve(source: Buffer, start: number, end: number): void {
    const size = end - start;
    const need = this.fixedBytes + (size <= SMALL_ROW ? 12 * size : 2 * (size + 5 * countSpecial(source, start, end)));
    if (this.out.length - this.length >= need) return;
    this.flush();
    this.into((need <= BATCH_BYTES ? this.free.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(BATCH_BYTES, need)));
  }

  /** Begins a batch in this memory. */
  private into(out: Buffer): void {
    this.out = out;
    this.view = viewOf(out);
    this.length = 0;
    this.ends = [];
  }
}

const ONES = 0x01010101;
const QUOTES = QUOTE * ONES;
const BACKSLASHES = BACKSLASH * ONES;
const SPACES = SPACE * ONES;

/**
 * Not zero where one of the four bytes of a word is below a space, a quote or a backslash: the lowest bit that is set
 * is the highest of the first such byte (what lies above it may be set by a borrow).
 */
function specialIn(word: number): number {
  const quote = word ^ QUOTES;
  const backslash = word ^ BACKSLASHES;
  return (((word - SPACES) & ~word) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash)) & 0x80808080;
}

function countSpecial(source: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) {
    const byte = source[at] ?? 0;
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) count += 1;
  }
  return count;
}

function otherColumns(): RunbackError {
  return new RunbackError('platform-nonsense', 'PostgreSQL sent a row with columns that were not asked for', {
    why: 'A row of COPY does not match the columns of the request.',
    state: 'Nothing was written to the database.',
    next: 'Run the same command again; if it happens again, report it with --debug.',
  });
}
