import type { Clock } from '../../../lib/index.js';
import type { Cause } from '../../automation.js';
import { Automations } from '../../kit/automations/automations.js';
import { Lagging } from '../../kit/lagging.js';
import type { Who } from '../../sandbox.js';
import { entityIsDeleted, notFound, refused } from '../failure.js';
import { type CompleteDescription, descriptionForm, type OrgDescription } from '../schema/description.js';
import type { ObjectType } from '../schema/object-type.js';
import { Schema } from '../schema/schema.js';
import { Reader } from '../soql/reader.js';
import { Archive } from './archive.js';
import { automatedOrg } from './automated.js';
import { Bin } from './bin.js';
import { checkRecord, ruleOf } from './checks.js';
import { derive } from './derived.js';
import { readSent, recordTypeOf, type Sent } from './draft.js';
import { historyRows } from './history.js';
import { nthId, wideId } from './ids.js';
import type { OrgState } from './org-state.js';
import { type Scalar, type StoredRecord, timeOf, type Values, type WriteEntry, type Writer } from './record.js';
import { addUser, setUpOrganization, userOf } from './set-up.js';
import { Tables } from './tables.js';
import { textOf } from './text.js';
import type { Form } from './values.js';

/** What an account is. */
export interface OrgFacts {
  readonly isSandbox: boolean;
  /** Whether the user of the API has View All Data. Where it has not, records that sharing keeps from it are not there for it. */
  readonly seesAll: boolean;
  readonly instance: string;
  /** The characters of it in ids. */
  readonly pod: string;
  readonly name: string;
}

/** How a record is written. `at`: back-dated, so that nothing is set off. */
export interface Manner {
  readonly writer: Writer;
  readonly form: Form;
  readonly at?: number | undefined;
}

/** One account: what it holds, and its rules. No HTTP here. Whatever throws has changed nothing. */
export class Org implements OrgState {
  description: CompleteDescription;
  schema: Schema;
  tables = new Tables();
  readonly bin: Bin;
  readonly archive: Archive;
  readonly automations: Automations;
  /** How many ids were given out, by key prefix. */
  readonly lastIds = new Map<string, number>();
  writes: WriteEntry[] = [];
  /** Picklists whose values were changed since the account was described: object, field, values. */
  options: (readonly [string, string, readonly string[]])[] = [];
  /** What the API may not write just now: somebody else holds the record. */
  isLocked: (id: string) => boolean = () => false;
  /** Ids of records that are shared with others alone. */
  readonly unshared = new Set<string>();
  readonly id: string;
  /** Ids of users: who set the account up, and whose the API's sessions are by default. */
  readonly adminId: string;
  readonly apiUserId: string;
  #pending: (() => void)[] | undefined;
  #othersWrite = false;
  /** What others wrote, and whose transaction has not ended yet. */
  readonly lagging: Lagging<StoredRecord>;

  constructor(
    readonly facts: OrgFacts,
    given: OrgDescription,
    readonly clock: Clock,
    queryLagMs = 0,
  ) {
    this.lagging = new Lagging(queryLagMs);
    this.tables.onSet = (object, id, was) => {
      if (this.#othersWrite && object.business) this.lagging.note(id, was, this.clock.now().getTime());
    };
    this.description = descriptionForm.parse(given);
    this.schema = new Schema(this.description, facts.pod);
    for (const { refuses } of this.description.validationRules) ruleOf(refuses);
    this.automations = new Automations(clock, automatedOrg(this));
    this.bin = new Bin(this);
    this.archive = new Archive(this);
    this.id = setUpOrganization(this);
    this.adminId = addUser(this, { first: 'Alex', last: 'Admin', username: 'admin@example.com' });
    this.apiUserId = addUser(this, { first: 'Integration', last: 'User', username: 'integration@example.com' });
  }

  now(): number {
    return this.automations.now();
  }

  /** Reads whatever there is; what the user of the API sees is {@link sees}. */
  get everything(): Reader {
    return new Reader(this.schema, this.tables, () => true);
  }

  sees(object: string, field: string): boolean {
    return !this.description.hidden.includes(`${object}.${field}`);
  }

  /** Whether sharing keeps a record from the user of the API: live or deleted, nothing tells of it. */
  isHidden(id: string): boolean {
    return !this.facts.seesAll && this.unshared.has(id);
  }

  mayWrite(object: string, field: string): boolean {
    return this.sees(object, field) && !this.description.readOnly.includes(`${object}.${field}`);
  }

  /** Makes a record. */
  create(object: ObjectType, sent: Sent, { writer, form, at }: Manner): StoredRecord {
    if (!object.createable) throw refused('CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', `entity type cannot be inserted: ${object.label}`);
    return this.#whole(() => {
      const now = at ?? this.now();
      const accepted = readSent(this, object, sent, writer, form, undefined);
      const id = this.nextId(object);
      const values: Record<string, Scalar> = { Id: id, ...this.#defaults(object, id, writer) };
      for (const [name, value] of accepted) if (value !== null) values[name] = value;
      const stamp = { CreatedDate: timeOf(now), CreatedById: writer.userId, LastModifiedDate: timeOf(now), LastModifiedById: writer.userId };
      const record: StoredRecord = { id, values: { ...stamp, ...values, SystemModstamp: timeOf(now) } };
      return this.#store('create', object, record, undefined, new Set(accepted.keys()), { writer, at });
    });
  }

  /** Changes fields of a record; those that were not sent stay. Counts as modified even where nothing changes. */
  update(object: ObjectType, id: string, sent: Sent, { writer, form, at }: Manner): StoredRecord {
    if (!object.updateable) throw refused('CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', `entity type cannot be updated: ${object.label}`);
    return this.#whole(() => {
      const held = this.held(object, id);
      this.unlocked(id, writer);
      const accepted = readSent(this, object, sent, writer, form, held.values);
      const values: Record<string, Scalar> = { ...held.values };
      for (const [name, value] of accepted) {
        if (value === null) delete values[name];
        else values[name] = value;
      }
      const time = timeOf(Math.max(at ?? this.now(), Date.parse(String(held.values.CreatedDate))));
      const stamped = { ...values, LastModifiedDate: time, LastModifiedById: writer.userId, SystemModstamp: time };
      return this.#store('update', object, { id, values: stamped }, held.values, new Set(accepted.keys()), { writer, at });
    });
  }

  /** A record that is there; throws what Salesforce says of others. */
  held(object: ObjectType, id: string): StoredRecord {
    const wide = wideId(id);
    const found = wide === undefined ? undefined : this.tables.get(object, wide);
    if (!found) throw notFound();
    if (found.deletion !== undefined) throw entityIsDeleted();
    return found;
  }

  /** Throws where somebody else holds a record. */
  unlocked(id: string, writer: Writer): void {
    if (!writer.isAdmin && this.isLocked(id))
      throw refused('UNABLE_TO_LOCK_ROW', `unable to obtain exclusive access to this record or 1 records: ${id.slice(0, 15)}`);
  }

  nextId(object: ObjectType): string {
    const n = (this.lastIds.get(object.keyPrefix) ?? 0) + 1;
    this.lastIds.set(object.keyPrefix, n);
    return nthId(object.keyPrefix, this.facts.pod, n);
  }

  note(action: WriteEntry['action'], object: ObjectType, id: string, { userId, request, isAdmin }: Writer, at: number): void {
    if (this.automations.acting && isAdmin) return;
    this.writes.push({ action, object: object.name, id, at, userId, ...(request !== undefined && { request }) });
  }

  /** The writer that somebody outside the API is: a user of the account, made where there is none yet. */
  writerOf(who: Who): Writer {
    const userId = userOf(this, who);
    return { userId, cause: { by: who.kind, id: who.id }, isAdmin: true, auditFields: false, allowsDuplicates: true };
  }

  /** A flow runs as the user whose write set it off. */
  setOffBy(cause: Cause): string {
    if (cause.by === 'api') return this.apiUserId;
    return cause.by === 'form' ? this.adminId : userOf(this, { kind: cause.by, id: cause.id });
  }

  /** A write of somebody else, whose transaction ends some time after what it wrote was stamped. */
  byOthers<T>(write: () => T): T {
    this.#othersWrite = true;
    try {
      return write();
    } finally {
      this.#othersWrite = false;
    }
  }

  /** All of several writes or, where one throws, none. */
  atomically<T>(run: () => T): T {
    return this.#whole(run);
  }

  /** What is set off once a change stands. */
  changed(object: ObjectType, record: StoredRecord, before: Values | undefined, { cause }: Writer): void {
    const change = { object: object.name, key: record.id, before: before && textOf(before), after: textOf(record.values) };
    const tell = (): void => this.automations.changed(change, cause);
    if (this.#pending) this.#pending.push(tell);
    else tell();
  }

  addHistory(object: ObjectType, record: StoredRecord, before: Values | undefined, userId: string, at: number): void {
    const history = object.historyObject === null ? undefined : this.schema.find(object.historyObject);
    if (!history) return;
    const nameOf = (id: Scalar): Scalar | undefined => {
      const of = this.schema.ofId(String(id));
      return of && this.tables.get(of, String(id))?.values.Name;
    };
    for (const row of historyRows(object, history, { id: record.id, before, after: record.values }, nameOf)) {
      const id = this.nextId(history);
      this.tables.put(history, { id, values: { Id: id, CreatedDate: timeOf(at), CreatedById: userId, SystemModstamp: timeOf(at), ...row } });
    }
  }

  #store(
    action: 'create' | 'update',
    object: ObjectType,
    record: StoredRecord,
    before: Values | undefined,
    sent: ReadonlySet<string>,
    { writer, at }: { readonly writer: Writer; readonly at: number | undefined },
  ): StoredRecord {
    const values: Record<string, Scalar> = { ...record.values };
    derive(object.name, values, before, sent, at ?? this.now());
    const stored = { ...record, values };
    checkRecord(this, object, stored, before, writer);
    this.tables.put(object, stored);
    this.addHistory(object, stored, before, writer.userId, at ?? this.now());
    this.note(action, object, record.id, writer, at ?? this.now());
    if (at === undefined) this.changed(object, stored, before, writer);
    return stored;
  }

  #defaults(object: ObjectType, id: string, { userId }: Writer): Record<string, Scalar> {
    const defaults: Record<string, Scalar> = {};
    for (const field of object.fields.values()) {
      const option = field.picklistValues.find(({ defaultValue }) => defaultValue)?.value;
      const value = field.type === 'boolean' && field.name !== 'IsDeleted' ? (field.defaultValue ?? false) : option;
      if (value !== undefined) defaults[field.name] = value;
    }
    if (object.fields.has('OwnerId')) defaults.OwnerId = userId;
    const recordType = recordTypeOf(object, undefined);
    if (recordType) defaults.RecordTypeId = recordType.id;
    const name = object.fields.get('Name');
    if (name?.autoNumber === true) defaults.Name = `A-${String(this.lastIds.get(object.keyPrefix) ?? 0).padStart(4, '0')}`;
    else if (object.custom) defaults.Name = id.slice(0, 15);
    return defaults;
  }

  #whole<T>(run: () => T): T {
    const outer = this.#pending;
    const pending: (() => void)[] = [];
    this.#pending = pending;
    try {
      const done = this.tables.atomically(run);
      this.#pending = outer;
      if (outer) outer.push(...pending);
      else for (const tell of pending) tell();
      return done;
    } finally {
      this.#pending = outer;
    }
  }
}
