import type {
  Capabilities,
  Connector,
  CreatedLookup,
  CreateMutation,
  FieldChange,
  Identity,
  Mutation,
  MutationResult,
  Platform,
  PlatformSchema,
  ReadLinksRequest,
  ReadRequest,
  RecordBatch,
  RecordHistory,
  Usage,
} from '../../src/connectors/index.js';
import { RunbackError, type CallOptions, type Clock } from '../../src/lib/index.js';
import {
  compareKeys,
  keyOf,
  sameButForm,
  sameValue,
  type Fields,
  type Link,
  type LinkSchema,
  type ObjectSchema,
  type PlatformRecord,
  type Value,
} from '../../src/records/index.js';

/** What happens to one call of `write`; decided by a test. */
export type Fault =
  /** Everything is applied, and the answer is lost. */
  | 'drop-answer'
  /** Nothing is applied, and nobody can tell. */
  | 'lose-request'
  /** Nothing is applied; trying again may help. */
  | 'fail'
  /** Answers that it is so, and does nothing. */
  | 'lie'
  /** Throws before anything is sent. */
  | 'refuse'
  /** Every second mutation is rejected. */
  | 'reject-half'
  /** Every mutation is rejected. */
  | 'reject-all';

/**
 * What the platform does by itself, as vendors do: keeps phone numbers in its own form; fills in the stage of a new
 * record; sets `closed_at` when a stage becomes `2` (declared by `setsAlso`) and `greeting` when a name changes
 * (declared nowhere), unless they are sent along; refuses the owner `gone`; cuts names off after two letters.
 */
export type Habit = 'normalises' | 'fills' | 'sets-also' | 'reacts' | 'reacts to all' | 'insists' | 'refuses' | 'cuts';

/** How the platform names itself in its history. */
export const ITSELF = 'AUTOMATION:itself';

/** A phone number in the form of the platform. */
export function normalised(value: Value | undefined): Value {
  return typeof value === 'string' ? value.replace(/[^+\d]/g, '') : (value ?? null);
}

export interface MemoryOptions {
  readonly objects: readonly ObjectSchema[];
  readonly links?: readonly LinkSchema[];
  readonly clock: Clock;
  /** Says what time it is by its clock, as platforms with answers that bear a time do. Default false. */
  readonly tellsTime?: boolean;
  readonly conditionalWrite?: boolean;
  readonly history?: Capabilities['history'];
  /** Most records per call. */
  readonly batch?: number;
  /** Whether creates whose answer was lost can be looked up. */
  readonly canFindCreated?: boolean;
}

interface Row {
  fields: Record<string, Value>;
  history: Record<string, FieldChange[]>;
  created: { at: string; writer: string };
}

/**
 * A platform in memory that keeps the promises of the connector seam, foreign keys, unique values and field history
 * included.
 */
export class MemoryConnector implements Connector {
  readonly kind = 'memory';
  readonly capabilities: Capabilities;
  readonly schema: PlatformSchema;
  /** Asked before each call of `write`. `n` counts them from 1. */
  fault: (call: { readonly n: number; readonly mutations: readonly Mutation[] }) => Fault | undefined = () => undefined;
  /** Called after each call of `write`, with what was really applied. */
  onWrite: (applied: readonly Mutation[]) => void = () => {};
  /** Every mutation that really changed something. */
  readonly written: Mutation[] = [];
  /** From when on the platform does things by itself. */
  habits: ReadonlySet<Habit> = new Set();
  now?: () => Date;
  readonly calls = { read: 0, readLinks: 0, write: 0, describe: 0, findCreated: 0 };
  readonly #clock: Clock;
  readonly #canFind: boolean;
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #deleted = new Map<string, Map<string, Row>>();
  readonly #links = new Map<string, Map<string, Link>>();
  readonly #merged = new Map<string, string>();
  /** Records as they were before the batch that is being written. */
  #before: readonly (readonly [string, Fields])[] = [];
  #nextKey = 1000;

  constructor(options: MemoryOptions) {
    const size = options.batch ?? 5;
    this.#clock = options.clock;
    this.#canFind = options.canFindCreated ?? true;
    if (options.tellsTime === true) this.now = () => this.#clock.now();
    this.schema = { objects: options.objects, links: options.links ?? [] };
    this.capabilities = {
      consistentRead: false,
      ordered: true,
      conditionalWrite: options.conditionalWrite ?? false,
      history: options.history ?? 'field',
      batch: { read: size, history: size, update: size, create: size, delete: size, undelete: size, link: size, unlink: size },
      census: true,
    };
    for (const { object } of options.objects) {
      this.#rows.set(object, new Map());
      this.#deleted.set(object, new Map());
    }
    for (const link of this.schema.links) this.#links.set(linkName(link), new Map());
  }

  /** The platform as runback opens it. */
  platform(name = 'memory'): Platform {
    const identity: Identity = {
      account: 'memory-1',
      label: 'Memory',
      environment: 'sandbox',
      scopes: undefined,
      writer: 'runback',
      address: 'memory',
    };
    return { name, connector: this, identity, environment: 'sandbox', objects: undefined, close: () => Promise.resolve() };
  }

  /** Writes from outside, as a person, a sync or a test. `null` deletes the record. Gives the key. */
  put(object: string, key: string, fields: Fields | null, writer: string): string {
    const rows = this.#table(object);
    if (fields === null) {
      this.#erase(object, key);
      return key;
    }
    const row = rows.get(key) ?? this.#newRow(object, key, writer);
    this.#store(object, row, fields, writer, false);
    return key;
  }

  /** Links or unlinks from outside. */
  relate(link: LinkSchema, one: Link, there: boolean): void {
    const links = this.#linksOf(link);
    if (there) links.set(pair(one), one);
    else links.delete(pair(one));
  }

  /** Merges one record into another. */
  merge(object: string, key: string, into: string): void {
    this.#erase(object, key);
    this.#merged.set(`${object}/${key}`, into);
  }

  /** Everything, for comparing. */
  state(): { readonly records: Record<string, Record<string, Fields>>; readonly links: Record<string, string[]> } {
    const records: Record<string, Record<string, Fields>> = {};
    for (const [object, rows] of this.#rows) records[object] = Object.fromEntries([...rows].map(([key, row]) => [key, structuredClone(row.fields)]));
    const links = Object.fromEntries([...this.#links].map(([name, some]) => [name, [...some.keys()].sort()]));
    return { records, links };
  }

  /** Who wrote what, by the value of the field `uid`: frozen at this moment. */
  writers(): {
    readonly cell: (object: string, uid: string, name: string, value: Value) => string | undefined;
    readonly created: (uid: string) => string | undefined;
    /**
     * What a person wrote into a cell since a time, and the sync then overwrote with `value`: before its first write,
     * and between its writes.
     */
    readonly edits: (uid: string, name: string, value: Value, since: Date) => { readonly before?: Value; readonly between: readonly Value[] };
  } {
    const rows = new Map<string, Row>();
    for (const table of this.#rows.values()) for (const row of table.values()) rows.set(textOf(row.fields['uid']), structuredClone(row));
    return {
      cell: (_object, uid, name, value) => rows.get(uid)?.history[name]?.find((entry) => sameValue(entry.value ?? null, value))?.writer,
      created: (uid) => rows.get(uid)?.created.writer,
      edits: (uid, name, value, since) => {
        const entries = (rows.get(uid)?.history[name] ?? []).filter(({ at }) => at !== undefined && Date.parse(at) >= since.getTime());
        const bySync = (entry: FieldChange): boolean => entry.writer?.startsWith('sync:') === true;
        const damage = entries.findIndex((entry) => sameValue(entry.value ?? null, value));
        const first = entries.findLastIndex(bySync);
        const [wrote] = damage === -1 ? [] : entries.slice(damage);
        if (wrote === undefined || !bySync(wrote)) return { between: [] };
        const older = entries[first + 1];
        return {
          ...(older?.value === undefined ? {} : { before: older.value }),
          between: entries.slice(damage, first).flatMap((entry) => (bySync(entry) ? [] : [entry.value ?? null])),
        };
      },
    };
  }

  identify(): Promise<Identity> {
    return Promise.resolve(this.platform().identity);
  }

  describe(objects: readonly string[] | undefined): Promise<PlatformSchema> {
    this.calls.describe += 1;
    const names = objects ?? this.schema.objects.map(({ object }) => object);
    for (const name of names)
      if (!this.schema.objects.some(({ object }) => object === name))
        return Promise.reject(new RunbackError('object-unsupported', `no object type ${name}`));
    return Promise.resolve({
      objects: this.schema.objects.filter(({ object }) => names.includes(object)),
      links: this.schema.links.filter(({ from, to }) => names.includes(from) && names.includes(to)),
    });
  }

  async *read(request: ReadRequest, options: CallOptions = {}): AsyncIterable<RecordBatch> {
    const { object } = request.schema;
    const rows = this.#table(object);
    const keys = request.keys ?? [...rows.keys()];
    const size = request.history === undefined ? this.capabilities.batch.read : this.capabilities.batch.history;
    if (request.keys !== undefined && request.keys.length > size) throw new RunbackError('bug', 'more keys than a call takes');
    const found = [...new Set(keys)].filter((key) => rows.has(key)).sort(compareKeys);
    const aliases = new Map(
      keys.flatMap((key) => (this.#merged.has(`${object}/${key}`) ? [[key, this.#merged.get(`${object}/${key}`) ?? ''] as const] : [])),
    );
    for (let start = 0; start === 0 || start < found.length; start += size) {
      if (options.signal?.aborted === true) throw new RunbackError('interrupted', 'stopped');
      this.calls.read += 1;
      await Promise.resolve();
      const some = found.slice(start, start + size);
      const wanted = request.history;
      const history = new Map(wanted === undefined ? [] : some.map((key) => [key, this.#historyOf(rows.get(key), wanted)] as const));
      yield {
        records: some.map((key) => recordOf(request.schema, key, structuredClone(rows.get(key)?.fields ?? {}))),
        ...(wanted === undefined ? {} : { history }),
        ...(aliases.size === 0 ? {} : { aliases }),
      };
    }
  }

  async *readLinks(request: ReadLinksRequest): AsyncIterable<readonly Link[]> {
    this.calls.readLinks += 1;
    await Promise.resolve();
    const { link, fromKeys, toKeys } = request;
    const all = link.viaFields === undefined ? [...this.#linksOf(link).values()] : this.#carried(link);
    const limited = fromKeys !== undefined || toKeys !== undefined;
    all.sort((a, b) => compareKeys(a.from, b.from) || compareKeys(a.to, b.to));
    yield all.filter(({ from, to }) => !limited || fromKeys?.includes(from) === true || toKeys?.includes(to) === true);
  }

  async write(mutations: readonly Mutation[], options: CallOptions = {}): Promise<readonly MutationResult[]> {
    await Promise.resolve();
    const [first] = mutations;
    if (first === undefined) return [];
    if (mutations.length > this.capabilities.batch[first.action]) throw new RunbackError('bug', 'more mutations than a call takes');
    if (mutations.some((mutation) => groupOf(mutation) !== groupOf(first))) throw new RunbackError('bug', 'mutations of different kinds in one call');
    if (options.signal?.aborted === true) return mutations.map(() => ({ status: 'failed', message: 'stopped' }));
    this.calls.write += 1;
    const fault = this.fault({ n: this.calls.write, mutations });
    if (fault === 'refuse') throw new RunbackError('platform-unreachable', 'the platform does not answer');
    if (fault === 'fail') return mutations.map(() => ({ status: 'failed', message: 'busy' }));
    if (fault === 'lose-request') return mutations.map(() => ({ status: 'in_doubt', message: 'the connection was cut' }));
    if (fault === 'lie') return mutations.map((mutation) => ({ status: 'applied', key: 'key' in mutation ? mutation.key : mutation.from }));
    const applied: Mutation[] = [];
    // No platform promises an order within a batch: what is taken has to be free before it.
    this.#before = 'link' in first ? [] : [...this.#table(first.schema.object)].map(([key, row]) => [key, { ...row.fields }] as const);
    const results = mutations.map((mutation, index): MutationResult => {
      if (fault === 'reject-all' || (fault === 'reject-half' && index % 2 === 0))
        return { status: 'rejected', reason: 'rejected', message: 'not today' };
      const result = this.#apply(mutation);
      if (result.status === 'applied') applied.push(mutation);
      return result;
    });
    this.written.push(...applied);
    this.onWrite(applied);
    return fault === 'drop-answer' ? mutations.map(() => ({ status: 'in_doubt', message: 'the answer was lost' })) : results;
  }

  findCreated(mutations: readonly CreateMutation[], since: Date): Promise<readonly CreatedLookup[]> {
    this.calls.findCreated += 1;
    return Promise.resolve(
      mutations.map((mutation): CreatedLookup => {
        const { object, createWithKey } = mutation.schema;
        const rows = this.#table(object);
        if (createWithKey) return rows.has(mutation.key) ? { state: 'created', key: mutation.key } : { state: 'absent' };
        if (!this.#canFind) return { state: 'unknown' };
        for (const [key, row] of rows)
          if (
            Date.parse(row.created.at) >= since.getTime() &&
            row.created.writer === 'runback' &&
            Object.entries(mutation.set).every(([name, value]) => value === null || sameButForm(row.fields[name] ?? null, value, 'string'))
          )
            return { state: 'created', key };
        return { state: 'absent' };
      }),
    );
  }

  usage(): Usage {
    return { requests: Object.values(this.calls).reduce((sum, count) => sum + count, 0), retries: 0, limited: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #apply(mutation: Mutation): MutationResult {
    if ('link' in mutation) return this.#relate(mutation.link, mutation, mutation.action === 'link');
    const { schema, key } = mutation;
    const rows = this.#table(schema.object);
    if (mutation.action === 'undelete') {
      const row = this.#deleted.get(schema.object)?.get(key);
      if (row === undefined) return { status: 'rejected', reason: 'irreversible', message: 'not in the bin' };
      rows.set(key, row);
      return { status: 'applied', key };
    }
    if (mutation.action === 'create') {
      if (schema.createWithKey && rows.has(key)) return { status: 'rejected', reason: 'unique-taken', message: 'the key is taken' };
      const refusal = this.#refusal(schema, undefined, mutation.set);
      if (refusal !== undefined) return refusal;
      const present = schema.createWithKey ? key : String((this.#nextKey += 1));
      const row = this.#newRow(schema.object, present, 'runback');
      this.#store(schema.object, row, mutation.set, 'runback', true);
      return { status: 'applied', key: present, ...this.#answered(present, undefined, row) };
    }
    const row = rows.get(key);
    if (row === undefined)
      return mutation.action === 'delete' ? { status: 'applied', key } : { status: 'rejected', reason: 'deleted-later', message: 'gone' };
    if (this.capabilities.conditionalWrite && !this.#expected(row, mutation)) return { status: 'moved', live: structuredClone(row.fields) };
    if (mutation.action === 'delete') {
      for (const link of this.schema.links)
        if (
          link.to === schema.object &&
          link.viaFields !== undefined &&
          this.#carried(link).some(({ to, from }) => to === key && (from !== key || link.from !== schema.object))
        )
          return { status: 'rejected', reason: 'rejected', message: 'still referred to' };
      this.#erase(schema.object, key);
      return { status: 'applied', key };
    }
    const refusal = this.#refusal(schema, key, mutation.set);
    if (refusal !== undefined) return refusal;
    const was = structuredClone(row.fields);
    this.#store(schema.object, row, mutation.set, 'runback', false);
    return { status: 'applied', key, ...this.#answered(key, was, row) };
  }

  /** A platform that writes conditionally tells what stood before and what stands now. */
  #answered(key: string, was: Fields | undefined, row: Row): Pick<Extract<MutationResult, { readonly status: 'applied' }>, 'was' | 'record'> {
    if (!this.capabilities.conditionalWrite) return {};
    const record = { key, fields: structuredClone(row.fields), meta: {} };
    return { record, ...(was === undefined ? {} : { was: { key, fields: was, meta: {} } }) };
  }

  /** Stores what somebody wrote, and does what the platform does by itself then. */
  #store(object: string, row: Row, fields: Fields, writer: string, isNew: boolean): void {
    const has = (name: string): boolean =>
      this.schema.objects.some((one) => one.object === object && one.fields.some((field) => field.name === name));
    const before = structuredClone(row.fields);
    const inForm = this.habits.has('normalises') && 'phone' in fields ? { ...fields, phone: normalised(fields['phone']) } : fields;
    const cut = this.habits.has('cuts') && typeof inForm['name'] === 'string' ? { ...inForm, name: inForm['name'].slice(0, 2) } : inForm;
    this.#set(row, cut, writer);
    const sent = (name: string): boolean => (fields[name] ?? null) !== null;
    const itself: Record<string, Value> = {};
    if (this.habits.has('fills') && has('stage') && isNew && !sent('stage')) itself['stage'] = 'new';
    if (this.habits.has('sets-also') && !sent('closed_at') && row.fields['stage'] === '2' && before['stage'] !== '2')
      itself['closed_at'] = this.#clock.now().toISOString();
    const reacts = this.habits.has('reacts to all') || (this.habits.has('reacts') && !('greeting' in fields));
    if (reacts && has('greeting') && 'name' in fields && !sameValue(row.fields['name'], before['name']))
      itself['greeting'] = `Dear ${textOf(row.fields['name'])}`;
    const { name } = row.fields;
    if (this.habits.has('insists') && typeof name === 'string' && 'name' in fields) itself['name'] = `${name} !`;
    this.#set(row, itself, ITSELF);
  }

  #expected(row: Row, mutation: Extract<Mutation, { readonly action: 'update' | 'delete' }>): boolean {
    const names = mutation.action === 'update' ? Object.keys(mutation.set) : Object.keys(mutation.expect);
    return names.every((name) => sameValue(row.fields[name] ?? null, mutation.expect[name] ?? null));
  }

  #refusal(schema: ObjectSchema, key: string | undefined, set: Fields): MutationResult | undefined {
    for (const [name, value] of Object.entries(set)) {
      const field = schema.fields.find((candidate) => candidate.name === name);
      if (field === undefined) return { status: 'rejected', reason: 'field-removed', message: name };
      if (field.readOnly) return { status: 'rejected', reason: 'read-only', message: name };
      if (name === 'owner' && value === 'gone' && this.habits.has('refuses'))
        return { status: 'rejected', reason: 'rejected', message: 'there is no such owner', fields: ['owner'] };
      if (field.unique === true && value !== null)
        for (const [other, fields] of [...this.#before, ...[...this.#table(schema.object)].map(([other, row]) => [other, row.fields] as const)])
          if (other !== key && textOf(fields[name]).toLowerCase() === textOf(value).toLowerCase())
            return { status: 'rejected', reason: 'unique-taken', message: `${name} is taken by ${other}`, fields: [name] };
    }
    for (const link of this.schema.links) {
      const via = link.viaFields;
      if (via === undefined || link.from !== schema.object || !via.every((name) => name in set) || via.some((name) => set[name] === null)) continue;
      const parent = keyOf(via.map((name) => textOf(set[name])));
      if (parent !== key && !this.#table(link.to).has(parent))
        return { status: 'rejected', reason: 'parent-missing', message: `${link.to} ${parent}` };
    }
    return undefined;
  }

  #relate(link: LinkSchema, one: Link, there: boolean): MutationResult {
    if (there && !this.#table(link.from).has(one.from)) return { status: 'rejected', reason: 'deleted-later', message: 'gone' };
    if (there && !this.#table(link.to).has(one.to)) return { status: 'rejected', reason: 'parent-missing', message: 'one end is missing' };
    this.relate(link, { from: one.from, to: one.to }, there);
    return { status: 'applied', key: one.from };
  }

  #historyOf(row: Row | undefined, fields: readonly string[]): RecordHistory {
    const own = row?.history ?? {};
    const created = row === undefined ? {} : { created: row.created };
    if (this.capabilities.history === 'field') return { fields: Object.fromEntries(fields.map((name) => [name, own[name] ?? []])), ...created };
    const all = Object.values(own).flatMap((entries) => entries);
    const [last] = all.sort((a, b) => compareKeys(b.at ?? '', a.at ?? ''));
    const entry =
      last === undefined
        ? []
        : [{ ...(last.at === undefined ? {} : { at: last.at }), ...(last.writer === undefined ? {} : { writer: last.writer }) }];
    return { fields: Object.fromEntries(fields.map((name) => [name, entry])) };
  }

  #carried(link: LinkSchema): Link[] {
    return [...this.#table(link.from)].flatMap(([from, row]) => {
      const parts = (link.viaFields ?? []).map((name) => row.fields[name] ?? null);
      return parts.includes(null) ? [] : [{ from, to: keyOf(parts.map(String)) }];
    });
  }

  #erase(object: string, key: string): void {
    const row = this.#table(object).get(key);
    if (row === undefined) return;
    this.#table(object).delete(key);
    this.#deleted.get(object)?.set(key, row);
    for (const link of this.schema.links) {
      if (link.viaFields !== undefined) continue;
      const links = this.#linksOf(link);
      for (const [name, one] of links) if ((link.from === object && one.from === key) || (link.to === object && one.to === key)) links.delete(name);
    }
  }

  #newRow(object: string, key: string, writer: string): Row {
    const row: Row = { fields: {}, history: {}, created: { at: this.#clock.now().toISOString(), writer } };
    this.#table(object).set(key, row);
    return row;
  }

  #set(row: Row, fields: Fields, writer: string): void {
    const at = this.#clock.now().toISOString();
    for (const [name, value] of Object.entries(fields)) {
      if (sameValue(row.fields[name], value)) continue;
      row.fields[name] = value;
      (row.history[name] ??= []).unshift({ value, at, writer, ...(writer === ITSELF ? { byPlatform: true } : {}) });
    }
  }

  #table(object: string): Map<string, Row> {
    const rows = this.#rows.get(object);
    if (rows === undefined) throw new RunbackError('object-unsupported', `no object type ${object}`);
    return rows;
  }

  #linksOf(link: LinkSchema): Map<string, Link> {
    const links = this.#links.get(linkName(link));
    if (links === undefined) throw new RunbackError('object-unsupported', `no links ${linkName(link)}`);
    return links;
  }
}

/** Read-only fields are told apart, as every driver does. */
function recordOf(schema: ObjectSchema, key: string, held: Fields): PlatformRecord {
  const readOnly = new Set(schema.fields.filter((field) => field.readOnly).map((field) => field.name));
  const side = (wanted: boolean): Fields => Object.fromEntries(Object.entries(held).filter(([name]) => readOnly.has(name) === wanted));
  return { key, fields: side(false), meta: side(true) };
}

export function linkName(link: LinkSchema): string {
  return `${link.from}~${link.to}~${link.kind}`;
}

/** A value as the text it has as a key. */
export function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function pair({ from, to }: Link): string {
  return `${from}>${to}`;
}

function groupOf(mutation: Mutation): string {
  return 'link' in mutation ? `${mutation.action} ${linkName(mutation.link)}` : `${mutation.action} ${mutation.schema.object}`;
}
