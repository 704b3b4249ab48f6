import type { Platform } from '../../connectors/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';

/**
 * A snapshot as one of the account of a stage: all that it holds is as it was written, and its platform is the one on
 * the stage. So everything that refuses a snapshot of another account stays in force, and plans say where they are for.
 */
export function seenThere(reader: SnapshotReader, { name, identity, environment }: Platform): SnapshotReader {
  const platforms = reader.header.platforms.map((one) => (one.name === name ? { ...one, account: identity.account, environment } : one));
  return {
    path: reader.path,
    header: { ...reader.header, platforms },
    manifest: reader.manifest,
    digest: reader.digest,
    encrypted: reader.encrypted,
    salvaged: reader.salvaged,
    damage: reader.damage,
    schema: async (platform) => await reader.schema(platform),
    objectSchema: async (platform, object) => await reader.objectSchema(platform, object),
    lines: (info, options) => reader.lines(info, options),
    line: async (info, key) => await reader.line(info, key),
    partBytes: async (info, part, signal) => await reader.partBytes(info, part, signal),
    verify: async (options) => await reader.verify(options),
    close: async () => await reader.close(),
  };
}
