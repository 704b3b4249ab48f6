import { emptyIsNull, type Platform, type PlatformSchema } from '../../connectors/index.js';
import { type CallOptions, silentReporter } from '../../lib/index.js';
import {
  type FieldSchema,
  type Link,
  type LinkSchema,
  type ObjectSchema,
  parseRecordLine,
  type PlatformRecord,
  sameButForm,
  sameForm,
  sameValue,
  type Value,
  valueIn,
} from '../../records/index.js';
import type { Damage, LinkInfo, ObjectInfo, SnapshotReader } from '../../snapshots/index.js';
import type { EmptyStage } from '../../stages/index.js';
import { Findings } from './findings.js';

/** What is compared. */
export interface Restored {
  readonly snapshot: SnapshotReader;
  /** Where it was restored. */
  readonly platform: Platform;
  /** Of the stage, as it was before the restore. */
  readonly schema: PlatformSchema;
  /** Old key to new key of records that got a new one, by object type. */
  readonly keyMap: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Fields that were left out of the restore, and why. */
  readonly leftOut: EmptyStage['leftOut'];
}

/**
 * Reads a snapshot and the place that it was restored into, both whole, and compares them cell by cell. It uses nothing
 * that the restore worked out but the new keys. What cannot be read of the snapshot, what lacks and what is there beside
 * it are differences; what no restore can write is counted apart. Memory: keys and links of one object type.
 */
export async function compareRestored(restored: Restored, call: CallOptions): Promise<Findings> {
  const findings = new Findings();
  const { snapshot, platform, schema } = restored;
  const described = await snapshot.schema(platform.name);
  const there = new Map(schema.objects.map((object) => [object.object, object]));
  for (const info of snapshot.manifest.objects.filter((one) => one.platform === platform.name)) {
    const before = described.objects.find(({ object }) => object === info.object);
    const now = there.get(info.object);
    if (before !== undefined && now !== undefined) await compareRecords(restored, info, { before, now, links: described.links }, findings, call);
  }
  for (const info of snapshot.manifest.links.filter((one) => one.platform === platform.name && there.has(one.from) && there.has(one.to))) {
    const is = ({ from, to, kind }: LinkSchema): boolean => from === info.from && to === info.to && kind === info.kind;
    const now = schema.links.find(is);
    if (described.links.find(is)?.readOnly === true || now?.readOnly === true)
      findings.setApart({ object: info.object, why: 'links that only the platform makes', count: info.rows });
    else await compareLinks(restored, info, now, findings, call);
  }
  return findings;
}

interface Described {
  readonly before: ObjectSchema;
  readonly now: ObjectSchema;
  /** All that the snapshot describes. */
  readonly links: readonly LinkSchema[];
}

async function compareRecords(
  restored: Restored,
  info: ObjectInfo,
  { before, now, links }: Described,
  findings: Findings,
  call: CallOptions,
): Promise<void> {
  const { snapshot, platform } = restored;
  const { connector } = platform;
  const size = connector.capabilities.batch.read;
  const task = `Comparing ${before.label ?? info.object}`;
  const newKeyOf = keysOf(restored, info.object);
  const cellsOf = cellComparer(before, connector.kind, restored, referencesOf(restored, info.object, links), findings);
  let found = 0;
  let done = 0;
  const compare = async (batch: readonly PlatformRecord[]): Promise<void> => {
    const live = new Map<string, PlatformRecord>();
    const keys = batch.map(({ key }) => newKeyOf(key));
    for await (const { records } of connector.read({ schema: now, keys }, call)) for (const record of records) live.set(record.key, record);
    for (const record of batch) {
      const is = live.get(newKeyOf(record.key));
      if (is === undefined) findings.differs({ kind: 'missing', object: info.object, key: record.key });
      else {
        found += 1;
        cellsOf(record, is);
      }
      if (newKeyOf(record.key) !== record.key) findings.setApart({ object: info.object, why: 'keys, which the platform chooses itself' });
    }
    done += batch.length;
    findings.records += batch.length;
    (call.reporter ?? silentReporter).progress({ task, done, total: info.rows, unit: 'records' });
  };
  let batch: PlatformRecord[] = [];
  for await (const lines of snapshot.lines(info, { ...call, onDamage: (damage) => tellUnreadable(damage, info, findings) }))
    for (const line of lines) {
      batch.push(parseRecordLine(line));
      if (batch.length < size) continue;
      await compare(batch);
      batch = [];
    }
  if (batch.length > 0) await compare(batch);
  await findExtra(restored, info, now, found, findings, call);
}

/** Names what is on the stage beside what the snapshot holds. */
async function findExtra(
  restored: Restored,
  info: ObjectInfo,
  schema: ObjectSchema,
  found: number,
  findings: Findings,
  call: CallOptions,
): Promise<void> {
  const { snapshot, platform } = restored;
  let there = 0;
  for await (const { records } of platform.connector.read({ schema }, call)) there += records.length;
  let unnamed = there - found;
  if (unnamed === 0) return;
  const oldKeys = new Map(Object.entries(restored.keyMap[info.object] ?? {}).map(([old, key]) => [key, old]));
  for await (const { records } of platform.connector.read({ schema }, call))
    for (const { key } of records) {
      // What lies in a part that cannot be read was told of already.
      const line = await snapshot.line(info, oldKeys.get(key) ?? key).catch(() => '');
      if (line !== undefined) continue;
      findings.differs({ kind: 'extra', object: info.object, key });
      unnamed -= 1;
    }
  // Under a key that the snapshot holds for a record that has another one now.
  if (unnamed > 0) findings.differs({ kind: 'extra', object: info.object, key: '?' }, unnamed);
}

const keysOf =
  ({ keyMap }: Restored, object: string) =>
  (key: string): string => {
    const of = Object.hasOwn(keyMap, object) ? keyMap[object] : undefined;
    return of !== undefined && Object.hasOwn(of, key) ? (of[key] ?? key) : key;
  };

/** Fields that hold the key of another record, and what a key became there: the one of the record that was created in its place. */
function referencesOf({ keyMap }: Restored, object: string, links: readonly LinkSchema[]): ReadonlyMap<string, (value: Value) => Value> {
  const found = new Map<string, (value: Value) => Value>();
  for (const { from, to, viaFields = [] } of links) {
    const [name, ...others] = viaFields;
    const keys = Object.hasOwn(keyMap, to) ? keyMap[to] : undefined;
    if (from !== object || name === undefined || others.length > 0 || keys === undefined) continue;
    const before = found.get(name);
    found.set(name, (value) => (typeof value === 'string' && Object.hasOwn(keys, value) ? (keys[value] ?? value) : (before?.(value) ?? value)));
  }
  return found;
}

function tellUnreadable({ firstKey = '?', lastKey, rows = 1 }: Damage, { object }: ObjectInfo, findings: Findings): void {
  findings.differs({ kind: 'unreadable', object, key: firstKey, ...(lastKey === undefined ? {} : { lastKey }) }, rows);
}

/** Compares the cells of one record of an object type with what is there now. */
function cellComparer(
  before: ObjectSchema,
  connector: string,
  { leftOut }: Restored,
  references: ReadonlyMap<string, (value: Value) => Value>,
  findings: Findings,
): (record: PlatformRecord, is: PlatformRecord) => void {
  const { object, keyFields } = before;
  const oneEmpty = emptyIsNull(connector);
  const isEmpty = (value: Value | undefined): boolean =>
    value === undefined || value === null || (oneEmpty && (value === '' || (Array.isArray(value) && value.length === 0)));
  const fields = before.fields
    .filter(({ name }) => !keyFields.includes(name))
    .map((field) => ({
      field,
      why: leftOut.find((one) => one.object === object && one.field === field.name)?.why ?? apartBecause(field),
    }));
  return (record, is) => {
    for (const { field, why } of fields) {
      const { name } = field;
      const held = valueIn(record, name);
      const should = held === undefined ? undefined : (references.get(name)?.(held) ?? held);
      const now = valueIn(is, name);
      if (why !== undefined) {
        if (!isEmpty(should)) findings.setApart({ object, field: name, why });
        continue;
      }
      if (!isEmpty(should) && lacksOption(field, should)) {
        findings.setApart({ object, field: name, why: 'the option that it holds is no longer offered' });
        continue;
      }
      findings.cells += 1;
      if (isEmpty(should) ? isEmpty(now) : sameValue(should ?? null, now ?? null) || sameForm(should, now, [field])) continue;
      if (!isEmpty(should) && !isEmpty(now) && oneEmpty && sameButForm(should, now, field.type))
        findings.setApart({ object, field: name, why: 'the platform keeps it in a form of its own' });
      else findings.differs({ kind: 'wrong', object, key: record.key, field: name });
    }
  };
}

/** Why no restore can write a field; undefined where one can. */
function apartBecause({ readOnly, givenOnCreate, setByItself, viaLink }: FieldSchema): string | undefined {
  if (viaLink !== undefined) return 'it follows from a link';
  if (setByItself === true) return 'the platform sets it on every write';
  return readOnly && givenOnCreate !== true ? 'only the platform writes it' : undefined;
}

function lacksOption({ type, options }: FieldSchema, value: Value | undefined): boolean {
  if (options === undefined || (type !== 'enum' && type !== 'set')) return false;
  const held = Array.isArray(value) ? value : [value];
  return held.some((each) => typeof each === 'string' && !options.includes(each));
}

async function compareLinks(restored: Restored, info: LinkInfo, now: LinkSchema | undefined, findings: Findings, call: CallOptions): Promise<void> {
  const { snapshot, platform } = restored;
  const [newFrom, newTo] = [keysOf(restored, info.from), keysOf(restored, info.to)];
  const wanted = new Map<string, Link>();
  for await (const lines of snapshot.lines(info, { ...call, onDamage: (damage) => tellUnreadable(damage, info, findings) }))
    for (const line of lines) {
      const link = JSON.parse(line) as Link;
      wanted.set(pairOf(newFrom(link.from), newTo(link.to)), link);
    }
  findings.links += wanted.size;
  const extra: Link[] = [];
  if (now !== undefined)
    for await (const links of platform.connector.readLinks({ link: now }, call))
      for (const link of links) if (!wanted.delete(pairOf(link.from, link.to))) extra.push(link);
  for (const { from, to } of wanted.values()) findings.differs({ kind: 'missing-link', object: info.object, key: from, to });
  for (const { from, to } of extra) findings.differs({ kind: 'extra-link', object: info.object, key: from, to });
}

const pairOf = (from: string, to: string): string => JSON.stringify([from, to]);
