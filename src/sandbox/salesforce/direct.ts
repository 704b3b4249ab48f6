import type { TrueWriter, Who, WrittenValues } from '../sandbox.js';
import { refused } from './failure.js';
import type { Field } from './schema/field.js';
import type { ObjectType } from './schema/object-type.js';
import { merge } from './state/merge.js';
import type { Manner, Org } from './state/org.js';
import type { Writer } from './state/record.js';

/** Somebody else who writes to the account: a person, or another integration. Follows the same rules as the API. */
export class DirectWriter implements TrueWriter {
  readonly #who: Who;

  constructor(
    private readonly org: Org,
    who: Who,
  ) {
    this.#who = who;
  }

  create(object: string, values: WrittenValues, at?: number): string {
    return this.#settling((manner) => this.org.create(this.#object(object), values, manner).id, at);
  }

  update(object: string, key: string, values: WrittenValues, at?: number): void {
    this.#settling((manner) => this.org.update(this.#object(object), key, values, manner), at);
  }

  /** Into the recycle bin, as in the web interface. */
  remove(object: string, key: string, at?: number): void {
    this.#settling(({ writer }) => this.org.bin.remove(this.#object(object), key, writer, at));
  }

  /** Brings a record back from the recycle bin. */
  undelete(key: string): void {
    this.#settling(({ writer }) => this.org.bin.restore(key, writer));
  }

  /** Merges a record into another, as in the web interface, which keeps what it has. */
  merge(object: string, key: string, into: string): void {
    this.#settling(({ writer }) => merge(this.org, this.#object(object), key, into, writer));
  }

  /** Empties the recycle bin of a record. */
  purge(key: string): void {
    this.#settling(({ writer }) => this.org.bin.purge(key, writer));
  }

  /** By the reference that one of the two objects has to the other, or by a record between them. */
  link(fromObject: string, from: string, toObject: string, to: string, at?: number): void {
    const [one, other] = [this.#object(fromObject), this.#object(toObject)];
    const forth = linking(one, other);
    const back = forth ? undefined : linking(other, one);
    if (forth) return this.update(one.name, from, { [forth.name]: to }, at);
    if (back) return this.update(other.name, to, { [back.name]: from }, at);
    const { object, ours, theirs } = this.#between(one, other);
    if (this.#membersOf(object, ours, from, theirs, to).length === 0) this.create(object.name, { [ours.name]: from, [theirs.name]: to }, at);
  }

  unlink(fromObject: string, from: string, toObject: string, to: string): void {
    const [one, other] = [this.#object(fromObject), this.#object(toObject)];
    const forth = linking(one, other);
    const back = forth ? undefined : linking(other, one);
    if (forth) return this.#cut(one, from, forth, to);
    if (back) return this.#cut(other, to, back, from);
    const { object, ours, theirs } = this.#between(one, other);
    for (const id of this.#membersOf(object, ours, from, theirs, to)) this.remove(object.name, id);
  }

  #cut(object: ObjectType, id: string, { name }: Field, to: string): void {
    if (this.org.held(object, id).values[name] === to) this.update(object.name, id, { [name]: null });
  }

  #between(one: ObjectType, other: ObjectType): { readonly object: ObjectType; readonly ours: Field; readonly theirs: Field } {
    for (const object of this.org.schema.all()) {
      const [ours, theirs] = [referring(object, one), referring(object, other)];
      if (object.business && ours && theirs && object.name !== 'Task') return { object, ours, theirs };
    }
    throw refused('INVALID_CROSS_REFERENCE_KEY', `${one.name} and ${other.name} cannot be linked`);
  }

  #membersOf(object: ObjectType, ours: Field, from: string, theirs: Field, to: string): readonly string[] {
    return [...this.org.tables.all(object)].flatMap(({ id, values, deletion }) =>
      deletion === undefined && values[ours.name] === from && values[theirs.name] === to ? [id] : [],
    );
  }

  #object(name: string): ObjectType {
    return this.org.schema.get(name);
  }

  /** What is due runs before a write, and what the write sets off after it. */
  #settling<T>(write: (manner: Manner & { readonly writer: Writer }) => T, at?: number): T {
    this.org.automations.settle();
    this.org.bin.settle();
    const writer = this.org.writerOf(this.#who);
    const done = this.org.byOthers(() => write({ writer, form: 'text', at }));
    this.org.automations.settle();
    return done;
  }
}

/** The reference by which a record is linked to one of another object, at any time. */
const linking = (from: ObjectType, to: ObjectType): Field | undefined =>
  [...from.fields.values()].find(
    (field) => field.updateable && field.referenceTo.includes(to.name) && field.referenceTo.length === 1 && from.name !== 'Task',
  );

/** One that the record does not outlive: both ends of a record that stands between two others are such. */
const referring = (from: ObjectType, to: ObjectType): Field | undefined =>
  [...from.fields.values()].find((field) => field.createable && field.cascadeDelete && field.referenceTo.includes(to.name));
