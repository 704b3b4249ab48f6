import type { Platform } from '../../../connectors/index.js';
import type { SnapshotSide } from '../compare-snapshots.js';
import { type LiveSide, liveSide } from './live-side.js';

/** A side as it is now, and what its snapshot knew of it. The snapshot has to stay open. */
export function liveSideOf({ reader, info, schema }: SnapshotSide, platform: Platform): LiveSide {
  const moment = reader.manifest.moments?.find((one) => one.platform === info.platform)?.startedAt ?? reader.header.startedAt;
  return liveSide({
    platform,
    schema,
    since: new Date(moment),
    census: info.census,
    wasThere: async (key) => (await reader.line(info, key)) !== undefined,
  });
}
