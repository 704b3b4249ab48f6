import type { Platform } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';
import { type ReadNow, readByKeys } from './read-by-keys.js';

/** Clocks that are compared may differ by so much. */
const OVERLAP_MS = 60_000;

/** One side as it is now, and what the snapshot knew of it. Only ever reads. */
export interface LiveSide {
  /** Those of the records that exist. */
  byKey(keys: readonly string[], call: CallOptions): Promise<ReadNow>;
  /** At least the records that the snapshot may not have as they are now. */
  notInSnapshot(call: CallOptions): AsyncIterable<readonly PlatformRecord[]>;
  /** Whether the snapshot holds a record. */
  wasThere(key: string): Promise<boolean>;
}

export interface LiveSideOptions {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
  /** When the snapshot began to read it, by the platform's clock where it tells. */
  readonly since: Date;
  /** It was proved that the snapshot holds every record that was there. */
  readonly census: boolean;
  readonly wasThere: (key: string) => Promise<boolean>;
}

/** Opens one side for reading. */
export function liveSide({ platform: { connector }, schema, since, census, wasThere }: LiveSideOptions): LiveSide {
  return {
    wasThere,
    byKey: (keys, call) => readByKeys(connector, schema, keys, call),
    notInSnapshot: async function* (call) {
      // Where a snapshot may have skipped records, only reading all of them tells that one is not there.
      const request = census ? { schema, changedSince: new Date(since.getTime() - OVERLAP_MS) } : { schema };
      for await (const { records } of connector.read(request, call)) yield records;
    },
  };
}
