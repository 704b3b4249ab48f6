import { type CallOptions } from '../../lib/index.js';
import { parseRecordLine } from '../../records/index.js';
import type { Catalog, RecordName } from '../../snapshots/index.js';

/** More are counted, and not named. */
const NAMED = 20;

/** Other records in which something of the ones that are to be forgotten stands. */
export interface AlsoHeld {
  readonly records: readonly (RecordName & { readonly field: string })[];
  /** All of them, also those that are not named. */
  readonly count: number;
}

/**
 * Records of any object type that hold an e-mail address or a key of `records`, in the newest snapshot of the platform that can
 * be read: they may be about the same person.
 */
export async function alsoHeld(
  texts: readonly string[],
  records: readonly RecordName[],
  catalog: Catalog,
  { signal }: CallOptions = {},
): Promise<AlsoHeld> {
  const wanted = texts.map((text) => text.toLowerCase());
  const [first] = records;
  const found: (RecordName & { readonly field: string })[] = [];
  let count = 0;
  if (wanted.length === 0 || first === undefined) return { records: [], count };
  const own = new Set(records.map(({ object, key }) => JSON.stringify([object, key])));
  const { platform } = first;
  const newest = (await catalog.list()).find(
    ({ platforms, encrypted }) => encrypted !== 'unreadable' && platforms.some(({ name }) => name === platform),
  );
  if (newest === undefined) return { records: [], count };
  const reader = await catalog.open(newest.id);
  try {
    for (const info of reader.manifest.objects.filter((one) => one.platform === platform))
      for await (const lines of reader.lines(info, { onDamage: () => undefined, ...(signal === undefined ? {} : { signal }) }))
        for (const line of lines) {
          const text = line.toLowerCase();
          if (!wanted.some((one) => text.includes(one))) continue;
          const { key, fields, meta } = parseRecordLine(line);
          if (own.has(JSON.stringify([info.object, key]))) continue;
          const field = Object.entries({ ...fields, ...meta }).find(([, value]) =>
            wanted.some((one) => JSON.stringify(value).toLowerCase().includes(one)),
          )?.[0];
          if (field === undefined) continue;
          count += 1;
          if (found.length < NAMED) found.push({ platform, object: info.object, key, field });
        }
  } finally {
    await reader.close();
  }
  return { records: found, count };
}
