import { counted } from '../../lib/index.js';
import type { SnapshotSet } from '../../snapshots/index.js';
import type { RowDifference } from './compare-rows.js';
import type { RowForm } from './rows.js';

/** A change that was made while the snapshots of a set were taken. */
export interface ChangedWhile {
  readonly by: readonly string[];
}

/** Where a record of a side is. */
interface Placed {
  readonly platform: string;
  readonly form: RowForm;
}

/** What was changed while a set was read, as far as its manifest names it. */
export function windowOf(set: SnapshotSet | undefined): {
  /** The change that a difference may stem from; undefined where none is known. */
  readonly of: (sides: readonly [Placed, Placed], difference: RowDifference) => ChangedWhile | undefined;
} {
  const changes = new Map((set?.changes ?? []).map((change) => [nameOf(change.platform, change.object, change.key), change]));
  return {
    of: (sides, { keys, field }) => {
      const found = sides.flatMap(({ platform, form }, at) => {
        const key = keys[at];
        const change = key === undefined ? undefined : changes.get(nameOf(platform, form.object, key));
        const name = field === undefined ? undefined : form.fields[field];
        // Where the platform tells fields apart, another one that was changed is no reason. One that is created tells none.
        const isOther = name !== undefined && change?.created !== true && change?.fields?.some((one) => one.field === name) === false;
        return change === undefined || isOther ? [] : [change];
      });
      return found.length === 0 ? undefined : { by: [...new Set(found.flatMap(({ by }) => by))].sort() };
    },
  };
}

const nameOf = (platform: string, object: string, key: string): string => JSON.stringify([platform, object, key]);

/** Why a set does not name all that was changed while it was taken, of these object types; empty where it does. */
export function windowUnknown(set: SnapshotSet | undefined, objects: readonly string[]): readonly string[] {
  if (set === undefined) return ['nobody asked what was changed while it was taken: its job has no syncs, or no job took it'];
  const more = set.changed - set.changes.length;
  return [
    ...set.unknown.flatMap(({ platform, object, why }) => (objects.includes(`${platform}/${object}`) ? [`${platform}/${object}: ${why}`] : [])),
    ...(more > 0 ? [`${counted(more, 'more records')} ${more === 1 ? 'was' : 'were'} changed than it names`] : []),
  ];
}
