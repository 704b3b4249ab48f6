import type { PauseRecord, PauseSurvey, SyncView } from '../../syncs/index.js';
import { counted, table, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible, visibleLines } from './text/visible.js';

/** Syncs with their state; who paused what below. */
export function syncsText(views: readonly SyncView[], pauses: readonly PauseRecord[], style: Style): string {
  if (views.length === 0) return 'runback.yml names no sync. Integrations that are not listed cannot be paused from here.';
  const rows = views.map((view) => [visible(view.title), stateWords(view), visible(view.writesTo.join(', ')), view.name]);
  const blocks = [
    table([{ title: 'Sync', shrink: true }, { title: 'State', shrink: true }, { title: 'Writes to', shrink: true }, { title: 'Name' }], rows, style),
  ];
  for (const view of views) {
    if (view.problem !== undefined)
      blocks.push(`${style.glyph.failed} ${visible(view.name)}: ${visibleLines(view.problem).replaceAll('\n', '\n    ')}`);
    for (const warning of view.status?.warnings ?? []) blocks.push(`${style.glyph.warning} ${visible(view.name)}: ${visible(warning)}`);
  }
  if (pauses.length > 0) blocks.push(pausesText(pauses, style));
  return blocks.join('\n');
}

function stateWords({ status, problem }: SyncView): string {
  if (status === undefined) return problem === undefined ? 'not checked' : 'cannot be checked';
  if (status.state === 'draining')
    return status.inFlight === undefined ? 'paused, work in flight' : `paused, ${counted(status.inFlight, 'jobs')} in flight`;
  return status.state;
}

/** Open pauses: who, when, why, and the command that ends each. */
export function pausesText(pauses: readonly PauseRecord[], style: Style): string {
  return pauses
    .map((pause) => {
      const held = pause.entries.map(
        (entry) => `${visible(entry.sync)}${entry.earlier === 'paused' ? ' (was paused before)' : ''}${entry.state === 'failed' ? ' (failed)' : ''}`,
      );
      return [
        `${style.glyph.pause} Paused by ${visible(pause.by)}, ${time(pause.at, style)}: ${visible(pause.reason)}`,
        `  ${held.join(', ')}`,
        ...backOf(pause).map((line) => `  ${line}`),
      ].join('\n');
    })
    .join('\n');
}

/** A line for each pause that cannot be read: which file, and what it means for the syncs. */
export function damagedPauseLines(damaged: PauseSurvey['damaged'], { glyph }: Style): readonly string[] {
  return damaged.map(
    ({ id, why }) =>
      `${glyph.failed} The pause ${visible(id)} cannot be read, so syncs may be paused that are not listed here. ${visible(why)} Check them: runback sync list`,
  );
}

/**
 * What ends a pause. That of a run ends with the run; before, or where the run is over, only by an override by name.
 */
function backOf({ id, holder }: PauseRecord): readonly string[] {
  const run = /^run-[^/]*/u.exec(holder)?.[0];
  return run === undefined
    ? [`Back to the earlier state: runback sync resume ${id}`]
    : [`Back to the earlier state: with ${run}`, `Without it: runback sync resume ${id} --override`];
}

/** A pause that just happened or ended. */
export function pauseText(pause: PauseRecord, style: Style): string {
  const words: Record<PauseRecord['entries'][number]['state'], string> = {
    pausing: 'being paused',
    paused: 'paused',
    failed: 'failed',
    resumed: 'running again',
    left: 'left as it was',
    held: 'still held by another pause',
  };
  const rows = table(
    [{ title: 'Sync' }, { title: 'Was' }, { title: 'Now' }, { title: 'Why', shrink: true }],
    pause.entries.map((entry) => [visible(entry.sync), entry.earlier, words[entry.state], visible(entry.why ?? '')]),
    style,
  );
  const isHeld = pause.entries.some(({ state }) => state === 'held');
  return isHeld ? `${rows}\n  The pause that still holds it, and its command: runback sync list` : rows;
}
