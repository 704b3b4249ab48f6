import type { FieldChange, RecordHistory } from '../../connectors/index.js';
import { type FieldSchema, type ObjectSchema, ownValue } from '../../records/index.js';
import type { ChangedCell } from '../types.js';
import { cellWith, withoutMissed } from './cell-with.js';
import type { ChangedRecord } from './changes.js';

/** What cells of one object type are made from beside the histories. */
interface CellsOf {
  readonly schema: ObjectSchema;
  readonly changed: readonly ChangedRecord[];
  /** When the base was read, and when the present state was, in milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Entries that the platform keeps of a field. */
  readonly most: number;
}

/**
 * Cells of the records whose history was told. A history is let go once its cells are made: those of hundreds of thousands
 * of records, with twenty entries a field, do not fit into memory.
 */
export class ToldCells {
  readonly #of: CellsOf;
  readonly #fields: ReadonlyMap<string, FieldSchema>;
  readonly #changed: ReadonlyMap<string, ChangedRecord>;
  readonly #cells = new Map<string, readonly ChangedCell[]>();
  /** Fields of which some history tells anything. */
  readonly #kept = new Set<string>();
  readonly #texts = new Map<string, string>();
  /** Cells whose oldest entry that the platform keeps is younger than the base. */
  cut = 0;
  /** Cells with a write since the base whose time may be an hour later, since clocks were set back. */
  unsure = 0;

  constructor(of: CellsOf) {
    this.#of = of;
    this.#fields = new Map(of.schema.fields.map((field) => [field.name, field]));
    this.#changed = new Map(of.changed.map((one) => [one.key, one]));
  }

  add(key: string, history: RecordHistory): void {
    for (const [name, entries] of Object.entries(history.fields)) if (entries.length > 0) this.#kept.add(name);
    const record = this.#changed.get(key);
    if (record === undefined) return;
    const { schema, fromMs, toMs, most } = this.#of;
    const once = (text: string): string => this.#once(text);
    const cells = record.cells.map((cell) => {
      const entries = ownValue(history.fields, cell.field);
      if (isCut(entries, most, fromMs)) this.cut += 1;
      if (entries?.some(({ until }) => until !== undefined && Date.parse(until) >= fromMs) === true) this.unsure += 1;
      return cellWith({ object: schema.object, key, field: this.#fields.get(cell.field), fromMs, toMs, once }, cell, history);
    });
    this.#cells.set(key, cells);
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  /** Those of a record; undefined where its history was not told. */
  of(key: string): readonly ChangedCell[] | undefined {
    // That a field's history shows no write says something only where it shows others.
    return this.#cells.get(key)?.map((cell) => (this.#kept.has(cell.field) ? cell : withoutMissed(cell)));
  }
}

/** Older changes of a field, which the platform keeps no longer, may lie after the base. */
function isCut(entries: readonly FieldChange[] = [], most: number, fromMs: number): boolean {
  return entries.length >= most && Date.parse(entries.at(-1)?.at ?? '') >= fromMs;
}
