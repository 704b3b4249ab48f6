import { RunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { LineBatch } from '../../connector.js';
import type { Table } from '../schema/table.js';
import { presentFields } from './values.js';

/** Where a value of the line comes from, and how it is spelt. */
type Kind = 'text' | 'bare' | 'boolean' | 'key-text' | 'key-bare';

/** What a line is made of: for each value the bytes before it, then the value. */
export interface LinePlan {
  /** Columns to copy: the key first (undefined: it takes an expression), then those of the values that are not the key. */
  readonly columns: readonly string[];
  readonly values: readonly { readonly before: Buffer; readonly kind: Kind }[];
  readonly after: Buffer;
}

/** Plans lines that equal `recordLine` byte for byte. `keyColumn`: the one column whose text is the key, if it is one. */
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
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const VERTICAL_TAB = Buffer.from('\\u000b');
const HEX = Buffer.from('0123456789abcdef');

/** Bytes of one batch; the last line may make it a little more. */
const BATCH_BYTES = 1 << 20;
/** Rows up to this size are given room for the worst case without being looked at first. */
const SMALL_ROW = 1 << 14;

/**
 * Turns rows of `COPY … TO STDOUT` (text format) into finished lines, on bytes: the escapes of COPY and of JSON are the
 * same for all but a few characters, so that most of a row is copied as it is. Not reentrant.
 */
export class LineMaker {
  private out = Buffer.allocUnsafeSlow(BATCH_BYTES);
  private length = 0;
  private ends: number[] = [];
  private readonly done: LineBatch[] = [];
  private readonly fixedBytes: number;

  constructor(private readonly plan: LinePlan) {
    this.fixedBytes = plan.values.reduce((sum, value) => sum + value.before.length + 8, plan.after.length);
  }

  /** Finished batches, which the caller takes away. */
  take(): LineBatch | undefined {
    return this.done.shift();
  }

  /** Ends the batch that is being filled. */
  flush(): void {
    if (this.length > 0) this.done.push({ bytes: this.out.subarray(0, this.length), ends: this.ends });
    this.out = Buffer.alloc(0);
    this.length = 0;
    this.ends = [];
  }

  /** Adds one row, `start` to `end` of `source`, its newline included. Throws `platform-nonsense` where it has other columns. */
  row(source: Buffer, start: number, end: number): void {
    this.reserve(source, start, end);
    const { out } = this;
    const { values, after } = this.plan;
    let o = this.length;
    let at = start;
    let keyStart = 0;
    let keyEnd = 0;
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i];
      if (value === undefined || at > end) throw otherColumns();
      const { before, kind } = value;
      for (let b = 0; b < before.length; b += 1) out[o++] = before[b] ?? 0;
      if (kind === 'key-text' || kind === 'key-bare') {
        const skip = kind === 'key-bare' ? 1 : 0;
        for (let b = keyStart + skip; b < keyEnd - skip; b += 1) out[o++] = out[b] ?? 0;
        continue;
      }
      if (source[at] === BACKSLASH && source[at + 1] === UPPER_N) {
        for (let b = 0; b < 4; b += 1) out[o++] = NULL[b] ?? 0;
        at += 3;
        continue;
      }
      if (kind === 'text') {
        if (i === 0) keyStart = o;
        out[o++] = QUOTE;
        for (;;) {
          const byte = source[at++] ?? NEWLINE;
          if (byte > QUOTE && byte !== BACKSLASH) out[o++] = byte;
          else if (byte === SPACE || byte === 33) out[o++] = byte;
          else if (byte === TAB || byte === NEWLINE) break;
          else if (byte === QUOTE) {
            out[o++] = BACKSLASH;
            out[o++] = QUOTE;
          } else if (byte === BACKSLASH) {
            const next = source[at++] ?? 0;
            if (next === LOWER_V) for (let b = 0; b < 6; b += 1) out[o++] = VERTICAL_TAB[b] ?? 0;
            else {
              out[o++] = BACKSLASH;
              out[o++] = next;
            }
          } else {
            for (let b = 0; b < 4; b += 1) out[o++] = VERTICAL_TAB[b] ?? 0;
            out[o++] = HEX[byte >> 4] ?? 0;
            out[o++] = HEX[byte & 15] ?? 0;
          }
        }
        out[o++] = QUOTE;
        if (i === 0) keyEnd = o;
      } else if (kind === 'bare') {
        for (let byte = source[at++] ?? NEWLINE; byte !== TAB && byte !== NEWLINE; byte = source[at++] ?? NEWLINE) out[o++] = byte;
      } else {
        const word = source[at] === LOWER_T ? TRUE : FALSE;
        for (let b = 0; b < word.length; b += 1) out[o++] = word[b] ?? 0;
        at += 2;
      }
    }
    if (at !== end) throw otherColumns();
    for (let b = 0; b < after.length; b += 1) out[o++] = after[b] ?? 0;
    this.length = o;
    this.ends.push(o);
  }

  /** Makes room for the worst that a row can become: six bytes for one, and its key twice. */
  private reserve(source: Buffer, start: number, end: number): void {
    const size = end - start;
    const need = this.fixedBytes + (size <= SMALL_ROW ? 12 * size : 2 * (size + 5 * countSpecial(source, start, end)));
    if (this.out.length - this.length >= need) return;
    this.flush();
    this.out = Buffer.allocUnsafeSlow(Math.max(BATCH_BYTES, need));
  }
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
