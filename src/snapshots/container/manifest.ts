import { createHash } from 'node:crypto';

import { z } from 'zod';

import { canonicalJson, RunbackError, sha256 } from '../../lib/index.js';
import { compareIn, isInteger } from '../../records/index.js';
import { boundedJson } from '../lines/shapes.js';
import type { ObjectInfo, SnapshotHeader, SnapshotManifest, StoredChanges } from '../types.js';
import { kindOfEntry } from './names.js';

/** Header and manifest as JSON: made, and read back from files that may be anything. */

/** The format of full snapshots that this version writes. */
export const FORMAT_VERSION = 2;
/** The format of snapshots that build on another. */
export const DELTA_VERSION = 3;
/** The format of snapshots made from a file. */
export const IMPORTED_VERSION = 4;
/** The format of snapshots of any kind of which records were forgotten. */
export const FORGOTTEN_VERSION = 5;
/** The newest that this version reads; all before it are read too. */
const NEWEST_VERSION = FORGOTTEN_VERSION;

const COMMA = 0x2c;
const count = z.number().int().nonnegative();
const version = z.union([
  z.literal(1),
  z.literal(FORMAT_VERSION),
  z.literal(DELTA_VERSION),
  z.literal(IMPORTED_VERSION),
  z.literal(FORGOTTEN_VERSION),
]);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const part = z.looseObject({
  name: z.string(),
  rows: count,
  bytes: count,
  sha256: digest,
  stored: digest.exactOptional(),
  firstKey: z.string(),
  lastKey: z.string(),
  firstTo: z.string().exactOptional(),
  lastTo: z.string().exactOptional(),
});
const object = z.looseObject({
  platform: z.string(),
  object: z.string(),
  order: z.literal('integer').exactOptional(),
  rows: count,
  census: z.boolean(),
  unproved: z.string().exactOptional(),
  digest,
  parts: z.array(part),
  changes: z.looseObject({ rows: count, parts: z.array(part), was: z.array(part) }).exactOptional(),
  askedSince: z.looseObject({ snapshot: z.string(), moment: z.string(), allReadAt: z.string() }).exactOptional(),
  withheld: z.array(z.string()).exactOptional(),
});
const link = object.extend({ from: z.string(), to: z.string(), kind: z.string() });
const platform = z.looseObject({
  name: z.string(),
  connector: z.string(),
  account: z.string(),
  environment: z.enum(['production', 'staging', 'sandbox']),
  consistent: z.boolean(),
});
const header = z.looseObject({
  version,
  id: z.string().min(1),
  kind: z.enum(['full', 'delta']),
  // A name of a file in the folder of snapshots, and no way out of it.
  base: z.looseObject({ id: z.string().regex(/^[\w-]+$/u), digest }).exactOptional(),
  startedAt: z.string(),
  platforms: z.array(platform),
  createdBy: z.string(),
  note: z.string().exactOptional(),
  imported: z
    .looseObject({
      file: z.string(),
      sha256: digest.exactOptional(),
      at: z.string(),
      fields: z.array(z.string()),
      of: count,
      objects: z.record(z.string(), z.looseObject({ fields: z.array(z.string()), of: count })).exactOptional(),
    })
    .exactOptional(),
});
const syncState = z.enum(['running', 'paused', 'draining', 'unknown']);
const set = z.looseObject({
  syncs: z.enum(['pause', 'watch']),
  states: z.array(z.looseObject({ sync: z.string(), before: syncState, after: syncState, why: z.string().exactOptional() })),
  changes: z.array(
    z.looseObject({
      platform: z.string(),
      object: z.string(),
      key: z.string(),
      created: z.literal(true).exactOptional(),
      by: z.array(z.string()),
      fields: z.array(z.looseObject({ field: z.string(), at: z.string().exactOptional(), writer: z.string().exactOptional() })).exactOptional(),
    }),
  ),
  changed: count,
  unknown: z.array(z.looseObject({ platform: z.string(), object: z.string(), why: z.string() })),
});
const manifest = z.looseObject({
  version,
  id: z.string().min(1),
  header,
  finishedAt: z.string(),
  moments: z.array(z.looseObject({ platform: z.string(), startedAt: z.string(), finishedAt: z.string() })).exactOptional(),
  set: set.exactOptional(),
  objects: z.array(object),
  links: z.array(link),
  entries: z.record(z.string(), digest),
  bases: z.array(z.string()),
  refused: z.array(z.looseObject({ platform: z.string(), object: z.string(), why: z.string() })),
  forgotten: z.array(z.looseObject({ platform: z.string(), object: z.string(), keys: z.array(digest) })).exactOptional(),
  formerly: z.array(digest).exactOptional(),
  sha256: digest,
});

/** The manifest as the bytes of its entry, vouching for itself. */
export function manifestBytes(unsigned: Omit<SnapshotManifest, 'sha256'>): Buffer {
  return Buffer.from(canonicalJson({ ...unsigned, sha256: sha256(canonicalJson(unsigned)) }));
}

/** The header as the bytes of its entry. */
export function headerBytes(value: SnapshotHeader): Buffer {
  return Buffer.from(canonicalJson(value));
}

/**
 * Reads a manifest. Undefined where the bytes are not one, or not the one that was written. Throws `snapshot-newer`
 * where it is one of a later format.
 */
export function parseManifest(bytes: Buffer, path: string): SnapshotManifest | undefined {
  const value = parseObject(bytes);
  if (!value) return undefined;
  // First this: a damaged byte must not pass for a later format.
  if (!vouchesForItself(bytes, value['sha256'])) return undefined;
  refuseNewer(value, path);
  const parsed = manifest.safeParse(value);
  return parsed.success && fitsItself(parsed.data) ? parsed.data : undefined;
}

/**
 * True where the digest in a manifest is that of its other bytes. A manifest is canonical JSON: without the member, its
 * bytes are those that were hashed.
 */
function vouchesForItself(bytes: Buffer, own: unknown): boolean {
  if (typeof own !== 'string') return false;
  const member = `"sha256":${JSON.stringify(own)}`;
  const at = bytes.lastIndexOf(member);
  if (at === -1) return false;
  // The comma before it goes too, or where it is the first, the one behind it.
  const end = at + Buffer.byteLength(member);
  const [from, to] = bytes[at - 1] === COMMA ? [at - 1, end] : [at, bytes[end] === COMMA ? end + 1 : end];
  const hash = createHash('sha256').update(bytes.subarray(0, from));
  return own === hash.update(bytes.subarray(to)).digest('hex');
}

/**
 * True where no part, object type or platform is listed twice, and the parts of each stand in the order of their keys
 * and hold as many rows as it says. A part listed a hundred thousand times would be read as often.
 */
function fitsItself({
  version: written,
  id,
  header: { id: own, kind: stored, base, platforms, imported },
  objects,
  links,
  bases,
  forgotten,
  formerly,
}: SnapshotManifest): boolean {
  const names = platforms.map(({ name }) => name);
  const infos = [...objects.map((info) => ({ info, kind: 'data' })), ...links.map((info) => ({ info, kind: 'links' }))];
  const parts = infos.flatMap(({ info }) => [...info.parts, ...(info.changes?.parts ?? []), ...(info.changes?.was ?? [])]);
  const isDelta = stored === 'delta';
  return (
    id === own &&
    (written === FORGOTTEN_VERSION || (isDelta === (written === DELTA_VERSION) && (imported !== undefined) === (written === IMPORTED_VERSION))) &&
    (written === FORGOTTEN_VERSION) === (forgotten !== undefined && formerly !== undefined) &&
    isDelta === (base !== undefined) &&
    bases.at(-1) === base?.id &&
    isSet([...bases, id]) &&
    infos.every(({ info, kind }) => info.changes === undefined || (isDelta && areChanges(info, info.changes, kind))) &&
    (written > 1 || infos.every(({ info }) => info.order === undefined)) &&
    isSet(names) &&
    isSet(parts.map(({ name }) => name)) &&
    isSet(infos.map(({ info, kind }) => canonicalJson([kind, info.platform, info.object]))) &&
    infos.every(
      ({ info, kind }) => names.includes(info.platform) && info.parts.every(({ name }) => kindOfEntry(name) === kind) && isOrdered(info, kind),
    )
  );
}

/** They are held to what parts are held to: a part that says it has every key would be read for each. */
function areChanges(info: ObjectInfo, { rows, parts, was }: StoredChanges, kind: string): boolean {
  const sum = was.reduce((all, part) => all + part.rows, 0);
  return (
    parts.every(({ name }) => name.startsWith(`changes-${kind}/`)) &&
    was.every(({ name }) => name.startsWith(`was-${kind}/`)) &&
    isOrdered({ ...info, rows, parts }, kind) &&
    isOrdered({ ...info, rows: sum, parts: was }, kind)
  );
}

/** Links of one record may go on in the next part. */
function isOrdered({ rows, parts, order: declared }: ObjectInfo, kind: string): boolean {
  const order = declared ?? 'text';
  const most = kind === 'data' ? -1 : 0;
  if (order === 'integer' && (kind === 'links' || !parts.every(({ firstKey, lastKey }) => isInteger(firstKey) && isInteger(lastKey)))) return false;
  return (
    parts.every((part, n) => {
      const before = parts[n - 1];
      return compareIn(order, part.firstKey, part.lastKey) <= 0 && (before === undefined || compareIn(order, before.lastKey, part.firstKey) <= most);
    }) && parts.reduce((sum, part) => sum + part.rows, 0) === rows
  );
}

const isSet = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** Reads a header. Undefined where the bytes are not one. Throws `snapshot-newer`. */
export function parseHeader(bytes: Buffer, path: string): SnapshotHeader | undefined {
  const value = parseObject(bytes);
  if (!value) return undefined;
  refuseNewer(value, path);
  const parsed = header.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  const value = boundedJson(bytes);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function refuseNewer(value: Readonly<Record<string, unknown>>, path: string): void {
  const { version } = value;
  if (typeof version === 'number' && Number.isInteger(version) && version > NEWEST_VERSION)
    throw newerFormat(path, `its format is version ${version}`);
}

/** The refusal of what a later version of runback wrote. */
export function newerFormat(path: string, why: string): RunbackError {
  return new RunbackError('snapshot-newer', `${path} was made by a newer runback`, {
    why: `This version reads snapshots of format versions 1 to ${NEWEST_VERSION}, and ${why}.`,
    state: 'Nothing was read or changed.',
    next: 'Update runback to the version that made it (npm install -g runback@latest), then run the command again.',
    data: { path, reads: NEWEST_VERSION },
  });
}
