import type { ChangedRecord, SnapshotManifest, SyncDuring } from '../../snapshots/index.js';
import { count, counted, facts, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** Changed records that are shown; JSON has more. */
const SHOWN = 20;

/** What ran and what changed while the platforms of a snapshot were read, after an empty line; empty where nobody asked. */
export function setText({ set, moments = [] }: Pick<SnapshotManifest, 'set' | 'moments'>, style: Style): string {
  if (set === undefined) return '';
  const { syncs, states, changes, changed, unknown } = set;
  const pairs: [string, string][] = [
    ...moments.map(({ platform, startedAt, finishedAt }): [string, string] => [
      'Read',
      `${visible(platform)}: ${time(startedAt, style)} to ${time(finishedAt, style)}, by its own clock`,
    ]),
    ['Syncs', states.length === 0 ? 'none writes to these platforms' : syncs === 'pause' ? 'paused while it was taken' : 'as they were'],
  ];
  const lines = [
    ...states.map(
      (state) => `${state.before === state.after && state.before !== 'unknown' ? style.glyph.done : style.glyph.warning} ${stateWords(state)}`,
    ),
    changed === 0
      ? `${unknown.length === 0 ? style.glyph.done : style.glyph.pending} No change is known from while it was taken`
      : `${style.glyph.warning} ${counted(changed, 'records')} changed while it was taken:`,
    ...changes.slice(0, SHOWN).map((change) => `  - ${changeWords(change)}`),
    ...(changed > SHOWN ? [`  ... and ${count(changed - SHOWN)} more`] : []),
    ...unknown.map(({ platform, object, why }) => `${style.glyph.warning} Changes not known: ${visible(`${platform} ${object}: ${why}`)}`),
  ];
  return `\n\n${facts(pairs, style)}\n${lines.join('\n')}`;
}

function stateWords({ sync, before, after, why }: SyncDuring): string {
  const states = before === after ? before : `${before} before, ${after} after`;
  return visible(`Sync ${sync}: ${states}${why === undefined ? '' : ` (${why})`}`);
}

function changeWords({ platform, object, key, created, by, fields = [] }: ChangedRecord): string {
  const names = [...new Set(fields.map(({ field }) => field))];
  const what = created === true ? 'created' : names.length === 0 ? 'changed' : names.join(', ');
  return visible(`${platform} ${object} ${key}: ${what}, by ${by.length === 0 ? 'someone the platform does not name' : by.join(', ')}`);
}
