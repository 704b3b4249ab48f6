import type { Platform } from '../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { PlatformRecord } from '../../records/index.js';
import type { Catalog } from '../catalog/catalog.js';
import type { SnapshotSummary } from '../types.js';
import { fileConnector } from './connector.js';

/** Values that some records of a platform should hold, as someone worked them out: no platform was read for them. */
export interface ValuesToTake {
  readonly platform: Platform;
  readonly object: string;
  /** With those fields only of which anything is known, each in the form of the platform. */
  readonly records: readonly PlatformRecord[];
  /** Where they are from, for people: it stands in the place of the name of a file. */
  readonly name: string;
  readonly takenAt: Date;
  readonly by: string;
  readonly note: string;
  /** By whose keep rules it stays or goes. */
  readonly job?: string;
}

/**
 * Makes a snapshot of them, as an import of a file does: a base for a plan, which says nothing of any other record, field or
 * link. Throws `object-unsupported`, and what `createSnapshot` throws.
 */
export async function snapshotOfValues(wanted: ValuesToTake, catalog: Pick<Catalog, 'create'>, call: CallOptions = {}): Promise<SnapshotSummary> {
  const { platform, object, records, name, takenAt, by, note, job } = wanted;
  const schema = await platform.connector.describe([object], call);
  const type = schema.objects.find((one) => one.object === object);
  if (type === undefined || type.refused !== undefined)
    throw new RunbackError('object-unsupported', `${platform.name}/${object} cannot be planned`, {
      ...(type?.refused === undefined ? {} : { why: type.refused }),
      state: 'Nothing was written.',
    });
  const connector = fileConnector(platform.connector, schema, name, async function* () {
    await Promise.resolve();
    yield* records;
  });
  const fields = [...new Set(records.flatMap((record) => Object.keys(record.fields)))].sort();
  return await catalog.create(
    {
      platforms: [{ ...platform, connector, objects: [object] }],
      objects: [object],
      by,
      note,
      ...(job !== undefined && { job }),
      imported: { takenAt: takenAt.toISOString(), from: { file: name, fields, of: type.fields.length } },
    },
    call,
  );
}
