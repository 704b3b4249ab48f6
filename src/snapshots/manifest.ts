import { z } from 'zod';

import { canonicalJson, RunbackError, sha256 } from '../lib/index.js';
import type { SnapshotHeader, SnapshotManifest } from './types.js';

/** Header and manifest as JSON: made, and read back from files that may be anything. */

/** The format this version writes, and the newest it reads. */
export const FORMAT_VERSION = 1;

const count = z.number().int().nonnegative();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const part = z.looseObject({ name: z.string(), rows: count, bytes: count, sha256: digest, firstKey: z.string(), lastKey: z.string() });
const object = z.looseObject({
  platform: z.string(),
  object: z.string(),
  rows: count,
  census: z.boolean(),
  unproved: z.string().exactOptional(),
  digest,
  parts: z.array(part),
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
  version: z.literal(FORMAT_VERSION),
  id: z.string().min(1),
  kind: z.literal('full'),
  startedAt: z.string(),
  platforms: z.array(platform),
  createdBy: z.string(),
  note: z.string().exactOptional(),
});
const manifest = z.looseObject({
  version: z.literal(FORMAT_VERSION),
  id: z.string().min(1),
  header,
  finishedAt: z.string(),
  moments: z.array(z.looseObject({ platform: z.string(), startedAt: z.string(), finishedAt: z.string() })).exactOptional(),
  objects: z.array(object),
  links: z.array(link),
  entries: z.record(z.string(), digest),
  bases: z.array(z.string()),
  refused: z.array(z.looseObject({ platform: z.string(), object: z.string(), why: z.string() })),
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
  const { sha256: own, ...unsigned } = value;
  // First this: a damaged byte must not pass for a later format.
  if (own !== sha256(canonicalJson(unsigned))) return undefined;
  refuseNewer(value, path);
  const parsed = manifest.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** Reads a header. Undefined where the bytes are not one. Throws `snapshot-newer`. */
export function parseHeader(bytes: Buffer, path: string): SnapshotHeader | undefined {
  const value = parseObject(bytes);
  if (!value) return undefined;
  refuseNewer(value, path);
  const parsed = header.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function refuseNewer(value: Readonly<Record<string, unknown>>, path: string): void {
  const { version, kind, bases } = value;
  if (typeof version === 'number' && Number.isInteger(version) && version > FORMAT_VERSION)
    throw newerFormat(path, `its format is version ${version}`);
  if (kind === 'delta' || (Array.isArray(bases) && bases.length > 0))
    throw newerFormat(path, 'it holds only what changed since another snapshot (kind delta)');
}

/** The refusal of what a later version of runback wrote. */
export function newerFormat(path: string, why: string): RunbackError {
  return new RunbackError('snapshot-newer', `${path} was made by a newer runback`, {
    why: `This version reads full snapshots of format version ${FORMAT_VERSION}, and ${why}.`,
    state: 'Nothing was read or changed.',
    next: 'Update runback to the version that made it (npm install -g runback@latest), then run the command again.',
    data: { path, reads: FORMAT_VERSION },
  });
}
