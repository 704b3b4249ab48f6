import { RunbackError } from '../../../lib/index.js';
import type { ObjectInfo, SnapshotReader } from '../../../snapshots/index.js';

/**
 * The one object type a name means; the platform is only needed where two platforms have it. Throws `not-found`,
 * `ambiguous`.
 */
export async function objectIn(reader: SnapshotReader, object: string, platform: string | undefined): Promise<ObjectInfo> {
  const all = reader.manifest.objects.filter((info) => platform === undefined || info.platform === platform);
  const found = all.filter((info) => info.object === object);
  if (found.length > 1)
    throw new RunbackError('ambiguous', `Several platforms have "${object}"`, {
      why: found.map((info) => info.platform).join(', '),
      next: 'Add --platform <name>.',
    });
  const [only] = found;
  if (only) return only;
  const { suggest } = await import('../../../lib/index.js');
  const { gapsOf } = await import('../../../snapshots/index.js');
  const gap = gapsOf(reader.manifest).find((one) => one.object === object && (platform === undefined || one.platform === platform));
  if (gap !== undefined)
    throw new RunbackError('not-found', `Snapshot ${reader.header.id} does not hold "${object}"`, {
      why: gap.why,
      next: `runback snapshot show ${reader.header.id}`,
    });
  const near = suggest(
    object,
    all.map((info) => info.object),
  );
  throw new RunbackError('not-found', `Snapshot ${reader.header.id} holds no "${object}"`, {
    why: near === undefined ? `It holds: ${all.map((info) => info.object).join(', ')}.` : `Did you mean ${near}?`,
    next: `runback snapshot show ${reader.header.id}`,
  });
}
