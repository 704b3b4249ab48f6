import { z } from 'zod';

import type { Cause, SandboxLink, TrueValues, Truth, WrittenValues } from '../../src/sandbox/index.js';
import type { Automations } from '../../src/sandbox/kit/automations/automations.js';
import { automationsForm } from '../../src/sandbox/kit/automations/forms.js';
import { Failure } from '../../src/sandbox/kit/failure.js';

/** One thing of the account. */
export interface Row {
  readonly id: number;
  readonly createdAt: number;
  updatedAt: number;
  values: Record<string, string>;
}

export const FIELDS: Readonly<Record<string, readonly string[]>> = { lists: ['name'], subscribers: ['email', 'first_name', 'city', 'consent'] };

/** Postbird's refusal of one thing. */
export function refused(status: number, error: string, detail: string): Failure<{ readonly error: string; readonly detail: string }> {
  return new Failure(status, detail, { error, detail });
}

const row = z.object({ id: z.number(), createdAt: z.number(), updatedAt: z.number(), values: z.record(z.string(), z.string()) });
const dumpForm = z.object({
  version: z.literal(1),
  lastId: z.number(),
  rows: z.record(z.string(), z.array(row)),
  members: z.array(z.tuple([z.number(), z.number()])),
  automations: automationsForm.optional(),
});

/** What one Postbird account holds, and its rules for values. No HTTP here. */
export class Account {
  #lastId = 1000;
  #things = new Map<string, Map<number, Row>>(Object.keys(FIELDS).map((things) => [things, new Map<number, Row>()]));
  /** Subscribers of a list. */
  #members = new Map<number, Set<number>>();
  readonly writes: { readonly action: string; readonly object: string; readonly id: string }[] = [];

  constructor(readonly automations: Automations) {}

  /** Rows by ascending id; throws 404 for things that Postbird does not have. */
  rows(things: string): readonly Row[] {
    return [...this.#table(things).values()];
  }

  find(things: string, id: number): Row | undefined {
    return this.#table(things).get(id);
  }

  /** What would be stored; throws what is refused. A person may give consent back. */
  check(things: string, values: WrittenValues, of: Row | undefined, { by }: Cause): void {
    for (const [name, value] of Object.entries(values)) {
      if (FIELDS[things]?.includes(name) !== true) throw refused(422, 'unknown_field', `No field ${name}`);
      if (value === null || value === '') continue;
      if (name === 'email' && this.rows(things).some((each) => each !== of && each.values['email'] === value))
        throw refused(409, 'taken', 'An address is taken');
      if (name !== 'consent') continue;
      if (value !== 'subscribed' && value !== 'unsubscribed') throw refused(422, 'invalid', 'Not a consent');
      if (by !== 'person' && value === 'subscribed' && of?.values['consent'] === 'unsubscribed')
        throw refused(422, 'consent', 'Only the person can give consent back');
    }
  }

  create(things: string, values: WrittenValues, cause: Cause, backDated?: number): Row {
    this.check(things, values, undefined, cause);
    const at = backDated ?? this.automations.now();
    this.#lastId += 1;
    const made: Row = { id: this.#lastId, createdAt: at, updatedAt: at, values: stored({}, values) };
    this.#table(things).set(made.id, made);
    this.#note('create', things, made.id);
    if (backDated === undefined) this.automations.changed({ object: things, key: String(made.id), before: undefined, after: made.values }, cause);
    return made;
  }

  update(things: string, id: number, values: WrittenValues, cause: Cause, backDated?: number): Row {
    const found = this.find(things, id);
    if (!found) throw refused(404, 'not_found', `No ${things} ${String(id)}`);
    this.check(things, values, found, cause);
    const before = found.values;
    found.values = stored(before, values);
    found.updatedAt = backDated ?? this.automations.now();
    this.#note('update', things, id);
    if (backDated === undefined) this.automations.changed({ object: things, key: String(id), before, after: found.values }, cause);
    return found;
  }

  /** False where there is none. */
  remove(things: string, id: number): boolean {
    if (!this.#table(things).delete(id)) return false;
    this.#members.delete(id);
    for (const members of this.#members.values()) members.delete(id);
    this.#note('remove', things, id);
    return true;
  }

  /** Subscribers of a list by ascending id; throws 404 for a list that is not there. */
  members(list: number): readonly number[] {
    if (!this.find('lists', list)) throw refused(404, 'not_found', `No list ${String(list)}`);
    return [...(this.#members.get(list) ?? [])].sort((a, b) => a - b);
  }

  listsOf(subscriber: number): readonly number[] {
    if (!this.find('subscribers', subscriber)) throw refused(404, 'not_found', `No subscriber ${String(subscriber)}`);
    return [...this.#members].flatMap(([list, members]) => (members.has(subscriber) ? [list] : []));
  }

  /** False where the subscriber is not there, or is no member that could leave. */
  member(list: number, subscriber: number, joins: boolean): boolean {
    const members = new Set(this.members(list));
    const could = joins ? this.find('subscribers', subscriber) !== undefined : members.has(subscriber);
    if (joins && could) members.add(subscriber);
    else members.delete(subscriber);
    this.#members.set(list, members);
    return could;
  }

  truth(): Truth {
    const find = (things: string, key: string): Row | undefined => this.find(things, Number(key));
    const rows = (things: string): readonly Row[] => this.rows(things);
    const members = this.#members;
    return {
      objects: Object.keys(FIELDS),
      record: (object, key): TrueValues | undefined => find(object, key)?.values,
      *records(object) {
        for (const { id, values } of rows(object)) yield { key: String(id), values };
      },
      *links() {
        for (const [list, of] of members)
          for (const id of of)
            yield { kind: 'member', fromObject: 'subscribers', from: String(id), toObject: 'lists', to: String(list) } satisfies SandboxLink;
      },
    };
  }

  dump(): unknown {
    const rows = Object.fromEntries([...this.#things].map(([things, table]) => [things, [...table.values()]]));
    const members = [...this.#members].flatMap(([list, of]) => [...of].map((id) => [list, id]));
    return { version: 1, automations: this.automations.dump(), lastId: this.#lastId, rows, members };
  }

  load(json: unknown): void {
    const { lastId, rows, members, automations } = dumpForm.parse(json);
    this.automations.load(automations);
    this.#lastId = lastId;
    this.#things = new Map(Object.keys(FIELDS).map((things) => [things, new Map((rows[things] ?? []).map((each) => [each.id, each]))]));
    this.#members = new Map();
    for (const [list, id] of members) this.#members.set(list, (this.#members.get(list) ?? new Set()).add(id));
  }

  #table(things: string): Map<number, Row> {
    const table = this.#things.get(things);
    if (!table) throw refused(404, 'not_found', `There are no ${things}`);
    return table;
  }

  #note(action: string, object: string, id: number): void {
    if (!this.automations.acting) this.writes.push({ action, object, id: String(id) });
  }
}

function stored(before: Readonly<Record<string, string>>, values: WrittenValues): Record<string, string> {
  const all = Object.entries({ ...before, ...values });
  return Object.fromEntries(all.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value] as const])));
}
