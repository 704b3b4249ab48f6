import type { CallOptions } from '../../lib/index.js';
import { ownValue, parseRecordLine, type Value } from '../../records/index.js';
import type { Catalog } from '../catalog/catalog.js';
import { damageOf } from '../container/opened.js';

/** A value of a field by which records are looked for. */
export interface Wanted {
  readonly platform: string;
  readonly object: string;
  readonly field: string;
  /** Letters count the same, large or small; so do spaces around it. */
  readonly value: string;
}

/**
 * Keys of the records that hold a value in any snapshot, in the order in which they are found; snapshots that cannot be read
 * hold up nothing. Parts that several snapshots share are read once.
 */
export async function findKeys(
  catalog: Catalog,
  { platform, object, field, value }: Wanted,
  { signal }: CallOptions = {},
): Promise<readonly string[]> {
  const wanted = formOf(value);
  const keys = new Set<string>();
  const seen = new Set<string>();
  for (const { id, objects, encrypted } of await catalog.list()) {
    if (encrypted === 'unreadable' || !objects.some((one) => one.platform === platform && one.object === object)) continue;
    const reader = await catalog.open(id);
    try {
      const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
      for (const part of info?.parts ?? []) {
        if (info === undefined || seen.has(part.sha256)) continue;
        seen.add(part.sha256);
        const bytes = await reader.partBytes(info, part, signal).catch((error: unknown) => {
          if (damageOf(error) === undefined) throw error;
          return Buffer.alloc(0);
        });
        for (const line of bytes.toString('utf8').split('\n')) {
          if (line === '') continue;
          const record = parseRecordLine(line);
          const held = ownValue(record.fields, field) ?? ownValue(record.meta, field);
          if (held !== undefined && formsOf(held).includes(wanted)) keys.add(record.key);
        }
      }
    } finally {
      await reader.close();
    }
  }
  return [...keys];
}

function formsOf(value: Value): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(formsOf);
  return typeof value === 'object' ? [] : [formOf(String(value))];
}

function formOf(text: string): string {
  return text.trim().normalize('NFC').toLowerCase();
}
