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
const short = (text: string): string => (fullSweeps ? createHash('sha1').update(text).digest('base64url').slice(0, 12) : text);

/** What the account itself holds now, with no API in between. */
export function truthOf(sandbox: HubSpotSandbox, objects: readonly string[]): AccountState {
  const truth = sandbox.truth();
  const state = new Map<string, string>();
  for (const object of objects) {
    for (const { key, values } of truth.records(object)) {
      const held = Object.entries(values).filter(([, value]) => value !== '');
      state.set(`${object} ${key}`, short(JSON.stringify(held.sort(byName))));
    }
  }
  // Each link has a name in both directions: a snapshot reads it from the object type that comes first.
  for (const { type, from, to } of sandbox.portal.links.everything()) {
    const [first, second] = [objects.indexOf(type.from), objects.indexOf(type.to)];
    if (first !== -1 && first < second) state.set(`${type.from}~${type.to}~${type.category}-${String(type.typeId)} ${from}>${to}`, '');
  }
  return state;
}

/** The same of a snapshot, every byte of it read. */
export async function heldIn(reader: SnapshotReader, platform: string): Promise<AccountState> {
  const state = new Map<string, string>();
  for (const info of reader.manifest.objects) {
    const names = writtenNames(await reader.objectSchema(platform, info.object));
    for await (const line of linesOf(reader, info)) {
      const { key, fields, meta } = parseRecordLine(line);
      const held: (readonly [string, string])[] = [];
      for (const name of names) {
        const value = fields[name] ?? meta[name] ?? null;
        if (value !== null) held.push([name, textOf(value)]);
      }
      state.set(`${info.object} ${key}`, short(JSON.stringify(held)));
    }
  }
  for (const info of reader.manifest.links)
    for await (const line of linesOf(reader, info)) {
      const { from, to } = JSON.parse(line) as Link;
      state.set(`${info.object} ${from}>${to}`, '');
    }
  return state;
}

async function* linesOf(reader: SnapshotReader, info: ObjectInfo): AsyncGenerator<string> {
  for (const part of info.parts) yield* (await reader.partBytes(info, part)).toString('utf8').trimEnd().split('\n');
}

/** A digest of everything. */
export function digestOf(state: AccountState): string {
  const hash = createHash('sha256');
  for (const [name, value] of [...state].sort(byName)) hash.update(`${name} ${value}\n`);
  return hash.digest('hex');
}

/** The first things in which two states differ, for people. */
export function differences(a: AccountState, b: AccountState): readonly string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names]
    .filter((name) => a.get(name) !== b.get(name))
    .slice(0, 5)
    .map((name) => `${name}: ${a.get(name) ?? '(not there)'} / ${b.get(name) ?? '(not there)'}`);
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
