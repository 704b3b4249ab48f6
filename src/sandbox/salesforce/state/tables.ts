import type { Field } from '../schema/field.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Scalar, StoredRecord } from './record.js';

/** All records, those in the recycle bin too, by object and id, and how to find them by a unique value. */
export class Tables {
  readonly #records = new Map<string, Map<string, StoredRecord>>();
  /** Ids of live records by object, field and value. */
  readonly #index = new Map<string, Map<string, Set<string>>>();
  /** What undoes each change so far, while all or nothing is to stand. */
  #journal: (() => void)[] | undefined;
  /** Hears what stood there before each change. */
  onSet: (object: ObjectType, id: string, was: StoredRecord | undefined) => void = () => {};

  get(object: ObjectType, id: string): StoredRecord | undefined {
    return this.#records.get(object.name)?.get(id);
  }

  /** One that is not in the recycle bin. */
  live(object: ObjectType, id: string): StoredRecord | undefined {
    const found = this.get(object, id);
    return found?.deletion === undefined ? found : undefined;
  }

  /** In the order in which they were made, those in the recycle bin too. */
  all(object: ObjectType): Iterable<StoredRecord> {
    return this.#records.get(object.name)?.values() ?? [];
  }

  put(object: ObjectType, record: StoredRecord): void {
    this.#set(object, record.id, record);
  }

  /** Nothing is left of it. */
  purge(object: ObjectType, id: string): void {
    this.#set(object, id, undefined);
  }

  /** Live records by the value of a field that is unique, looked up by, or refers to a parent. */
  byValue(object: ObjectType, field: string, value: Scalar): readonly string[] {
    return [...(this.#index.get(`${object.name}.${field}`)?.get(keyOf(object, field, value)) ?? [])];
  }

  /** Runs all of it or, where it throws, nothing; one inside of another is a part of that. */
  atomically<T>(run: () => T): T {
    const outer = this.#journal;
    const journal: (() => void)[] = [];
    this.#journal = journal;
    try {
      const done = run();
      this.#journal = outer;
      outer?.push(...journal);
      return done;
    } catch (error) {
      this.#journal = undefined;
      for (const undo of journal.reverse()) undo();
      this.#journal = outer;
      throw error;
    }
  }

  /** What else is to be undone where all or nothing is to stand. */
  undoing(undo: () => void): void {
    this.#journal?.push(undo);
  }

  #set(object: ObjectType, id: string, record: StoredRecord | undefined): void {
    let table = this.#records.get(object.name);
    if (!table) this.#records.set(object.name, (table = new Map()));
    const was = table.get(id);
    this.undoing(() => this.#set(object, id, was));
    this.onSet(object, id, was);
    for (const field of lookedUp(object)) {
      if (was?.deletion === undefined) this.#indexOf(object, field, was)?.delete(id);
      if (record && record.deletion === undefined) this.#indexOf(object, field, record)?.add(id);
    }
    if (record) table.set(id, record);
    else table.delete(id);
  }

  #indexOf(object: ObjectType, field: string, record: StoredRecord | undefined): Set<string> | undefined {
    const value = record?.values[field];
    if (value === undefined) return undefined;
    const name = `${object.name}.${field}`;
    let index = this.#index.get(name);
    if (!index) this.#index.set(name, (index = new Map()));
    const key = keyOf(object, field, value);
    let ids = index.get(key);
    if (!ids) index.set(key, (ids = new Set()));
    return ids;
  }
}

const FIELDS = new WeakMap<ObjectType, readonly string[]>();

function lookedUp(object: ObjectType): readonly string[] {
  let names = FIELDS.get(object);
  if (!names) {
    names = [...object.fields.values()].filter(isLookedUp).map(({ name }) => name);
    FIELDS.set(object, names);
  }
  return names;
}

/** What is found by its value, and what leads from a parent to its children. */
const isLookedUp = (field: Field): boolean =>
  field.name !== 'Id' && (field.unique || field.externalId || field.idLookup || (field.type === 'reference' && field.onParentDelete !== 'keep'));

/** Values are alike in any case, unless the field tells case apart, as ids do. */
function keyOf(object: ObjectType, name: string, value: Scalar): string {
  const field = object.fields.get(name);
  return field?.caseSensitive === true || field?.type === 'reference' ? String(value) : String(value).toLowerCase();
}
