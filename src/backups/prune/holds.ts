import type { SnapshotSummary } from '../../snapshots/index.js';

/**
 * Of what a snapshot may be the last verified one: `crm`, its platforms; `crm (complete)`, where nothing of a platform is
 * missing; `crm/contacts`, each object type that is proved to be in it whole.
 */
export function holdsOf({ platforms, objects, gaps }: Pick<SnapshotSummary, 'platforms' | 'objects' | 'gaps'>): readonly string[] {
  const isGap = (platform: string, object?: string): boolean =>
    gaps.some((gap) => gap.platform === platform && (object === undefined || gap.object === object));
  return [
    ...platforms.flatMap(({ name }) => (isGap(name) ? [name] : [name, `${name} (complete)`])),
    ...objects.flatMap(({ platform, object }) => (isGap(platform, object) ? [] : [`${platform}/${object}`])),
  ];
}
