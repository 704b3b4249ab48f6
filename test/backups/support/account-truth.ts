import { createHash } from 'node:crypto';

import { type Link, type ObjectSchema, parseRecordLine, type Value } from '../../../src/records/index.js';
import type { HubSpotSandbox } from '../../../src/sandbox/index.js';
import type { ObjectInfo, SnapshotReader } from '../../../src/snapshots/index.js';
import { fullSweeps } from '../../support/sweeps.js';

/**
 * Everything that people can have written, by name: of a record its values, of many records a digest of these; of a link nothing. Ordered
 * by nothing.
 */
export type AccountState = ReadonlyMap<string, string>;

/** Of many records a digest is enough: two states of them at once are more than fits. */
export const short = (text: string): string => (fullSweeps ? createHash('sha1').update(text).digest('base64url').slice(0, 12) : text);

/** What a record holds, by its values: the sandbox puts others in their place and never changes them (`StoredRecord`). */
const held = new WeakMap<object, string>();

/** What the account itself holds now, with no API in between. */
export function truthOf(sandbox: HubSpotSandbox, objects: readonly string[]): AccountState {
  const truth = sandbox.truth();
  const state = new Map<string, string>();
  for (const object of objects) {
    for (const { id, values } of sandbox.portal.table(sandbox.portal.types.get(object)).from(undefined, false)) {
      let known = held.get(values);
      if (known === undefined) {
        const written = Object.entries(truth.record(object, id) ?? {}).filter(([, value]) => value !== '');
        known = short(JSON.stringify(written.sort(byName)));
        held.set(values, known);
      }
      state.set(`${object} ${id}`, known);
    }
  }
  // Each link has a name in both directions: a snapshot reads it from the object type that comes first.
  for (const { type, from, to } of sandbox.portal.links.everything()) {
    const [first, second] = [objects.indexOf(type.from), objects.indexOf(type.to)];
    if (first !== -1 && first < second) state.set(`${type.from}~${type.to}~${type.category}-${String(type.typeId)} ${from}>${to}`, '');
  }
  return state;
}

/** What the lines of the last snapshot that was read held, by the fields that count and the line: most are the same a day later. */
let read = new Map<string, string>();

/** The same of a snapshot, every byte of it read; `onBytes` is given all of them, in order. */
export async function heldIn(reader: SnapshotReader, platform: string, onBytes?: (bytes: Buffer) => void): Promise<AccountState> {
  const state = new Map<string, string>();
  const now = new Map<string, string>();
  for (const info of reader.manifest.objects) {
    const names = writtenNames(await reader.objectSchema(platform, info.object));
    const fields = short(names.join(' '));
    for await (const line of linesOf(reader, info, onBytes)) {
      const name = `${fields} ${short(line)}`;
      const known = read.get(name) ?? short(JSON.stringify(heldBy(line, names)));
      now.set(name, known);
      state.set(`${info.object} ${keyOf(line)}`, known);
    }
  }
  read = now;
  for (const info of reader.manifest.links)
    for await (const line of linesOf(reader, info, onBytes)) {
      const { from, to } = JSON.parse(line) as Link;
      state.set(`${info.object} ${from}>${to}`, '');
    }
  return state;
}

/** Values of the fields that people can have written, by name. */
function heldBy(line: string, names: readonly string[]): readonly (readonly [string, string])[] {
  const { fields, meta } = parseRecordLine(line);
  return names.flatMap((name) => {
    const value = fields[name] ?? meta[name] ?? null;
    return value === null ? [] : [[name, textOf(value)] as const];
  });
}

/** A line begins with its key, which in HubSpot is a number. */
function keyOf(line: string): string {
  const [, key] = /^\{"key":"(\d+)",/u.exec(line) ?? [];
  if (key === undefined) throw new Error(`a line without a key: ${line.slice(0, 80)}`);
  return key;
}

/** A digest of every byte of a snapshot that can be read, in order. */
export async function bytesIn(reader: SnapshotReader): Promise<string> {
  const hash = createHash('sha256');
  for (const info of [...reader.manifest.objects, ...reader.manifest.links])
    for (const part of info.parts) hash.update(await reader.partBytes(info, part));
  return hash.digest('hex');
}

async function* linesOf(reader: SnapshotReader, info: ObjectInfo, onBytes: ((bytes: Buffer) => void) | undefined): AsyncGenerator<string> {
  for (const part of info.parts) {
    const bytes = await reader.partBytes(info, part);
    onBytes?.(bytes);
    yield* bytes.toString('utf8').trimEnd().split('\n');
  }
}

/** A digest of everything. */
export function digestOf(state: AccountState): string {
  const hash = createHash('sha256');
  for (const [name, value] of [...state].sort(byName)) hash.update(`${name} ${value}\n`);
  return hash.digest('hex');
}

/** The first things in which two states differ, for people. */
export function differences(a: AccountState, b: AccountState): readonly string[] {
  const found: string[] = [];
  for (const name of a.keys()) if (a.get(name) !== b.get(name)) found.push(name);
  for (const name of b.keys()) if (!a.has(name)) found.push(name);
  return found.slice(0, 5).map((name) => `${name}: ${a.get(name) ?? '(not there)'} / ${b.get(name) ?? '(not there)'}`);
}

/** Names of the fields that people can have written, in order. */
function writtenNames(schema: ObjectSchema | undefined): readonly string[] {
  if (schema === undefined) throw new Error('a snapshot without the description of what it holds');
  const written = schema.fields.filter(({ readOnly, viaLink, optedOut }) => optedOut !== undefined || (!readOnly && viaLink === undefined));
  return written.map(({ name }) => name).sort(order);
}

const textOf = (value: Value): string => (Array.isArray(value) ? value.join(';') : String(value));

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => order(a, b);
