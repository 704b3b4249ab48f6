import { failureLines, type Incident, isReached } from '../../incidents/index.js';
import type { PageRecord } from '../../notify/index.js';
import type { RestoreSummary } from '../../restores/index.js';
import type { RunView } from '../../runbooks/index.js';
import type { SnapshotSummary } from '../../snapshots/index.js';
import type { LockInfo } from '../../store/index.js';
import type { PauseRecord } from '../../syncs/index.js';
import type { FlowView, MonitorsView } from '../flows/monitors/standings.js';
import { type LockView, lifeOf } from '../session/locks.js';
import { incidentBlock, incidentLine } from './incident.js';
import { monitorsText } from './monitors/status.js';
import { restoreText } from './restores/restore.js';
import { nextOf, runsList } from './run.js';
import { gapsLine } from './snapshot.js';
import { damagedPauseLines, pausesText } from './sync.js';
import { counted, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { displayWidth, wrap } from './text/width.js';

/** Everything that is open in a workspace. */
export interface WorkspaceStatus {
  /** Why people are not paged by what escalation.yml says now, in words. */
  readonly policyTrouble?: string;
  readonly incidents: readonly Incident[];
  /** Open incidents that are not among `incidents`. */
  readonly more: number;
  /** Pages that failed permanently and were not dismissed. */
  readonly deadLetters: readonly PageRecord[];
  /** What is due next, earliest first. */
  readonly next: readonly { readonly incident: string; readonly title: string; readonly at: string; readonly quietUntil?: string }[];
  readonly daemon: LockInfo | undefined;
  readonly runs: readonly RunView[];
  /** Who is at an open run now, and from which machine. */
  readonly atWork: readonly { readonly run: string; readonly by: string; readonly host: string; readonly pid: number; readonly since: string }[];
  readonly restores: readonly RestoreSummary[];
  readonly pauses: readonly PauseRecord[];
  readonly damagedIncidents: readonly string[];
  readonly damagedRuns: readonly string[];
  readonly damagedRestores: readonly string[];
  readonly damagedPauses: readonly { readonly id: string; readonly why: string }[];
  readonly locks: readonly LockView[];
  /** The newest snapshot of a platform, where something that was wanted is not in it, or not provably whole. */
  readonly incompleteSnapshots: readonly SnapshotSummary[];
  /** Copies of snapshots that the last try failed for, or of which what is kept cannot be read. */
  readonly copies: readonly { readonly copy: string; readonly message: string; readonly since?: string }[];
  /** A daemon could not share its scheduled work with the others. */
  readonly unshared?: { readonly since: string; readonly host: string; readonly why: string };
  /** Why nothing can be said of snapshots, in words. */
  readonly snapshotTrouble?: string;
  /** What is watched; absent where nothing is. */
  readonly watched?: MonitorsView;
}

/** A part of the screen, and what it is in a line where there is no room for it. */
interface Part {
  readonly full: string;
  readonly short: string;
}

/**
 * One screen: what is on fire first, who has it, what is paused, what is due next, what can be gone on with. `rows`:
 * lines there are; where that is not enough, what comes last gives way first, to a line each.
 */
export function statusText(status: WorkspaceStatus, style: Style, rows = Number.POSITIVE_INFINITY): string {
  const parts = [
    ...onFire(status, style),
    ...unheard(status, style),
    ...workPart(status, style),
    ...status.restores.map((restore) => restorePart(restore, status, style)),
    ...pausePart(status, style),
    ...listPart(damagedLines(status, style)),
    ...listPart(lockLines(status, style)),
    ...listPart(
      status.snapshotTrouble === undefined
        ? []
        : [`${style.glyph.warning} Snapshots cannot be listed: ${visible(status.snapshotTrouble)}. See: runback doctor`],
    ),
    ...listPart(
      status.incompleteSnapshots.map(
        ({ id, gaps }) => `${style.glyph.warning} The newest snapshot, ${id}, is incomplete: ${gapsLine(gaps)}. See: runback snapshot show ${id}`,
      ),
    ),
    ...listPart(
      status.unshared === undefined
        ? []
        : [
            `${style.glyph.warning} Scheduled work is not shared between daemons since ${time(status.unshared.since, style)}, as ${visible(status.unshared.host)} says: ${visible(status.unshared.why)}. Each daemon does what is due itself. See: runback doctor`,
          ],
    ),
    ...listPart(
      status.copies.map(
        ({ copy, message, since }) =>
          `${style.glyph.warning} Snapshots are not copied to ${visible(copy)}${since === undefined ? '' : ` since ${time(since, style)}`}: ${visible(message)}. Copy now: runback backup copy ${visible(copy)}`,
      ),
    ),
  ];
  const isQuiet = parts.length === 0;
  const quiet = `${style.glyph.done} Nothing is open: no incident, no run, no restore, no paused sync.`;
  if (isQuiet && status.watched === undefined) return quiet;
  if (isQuiet) parts.push({ full: quiet, short: quiet });
  if (status.watched !== undefined) parts.push(watchedPart(status.watched, style));
  return within(parts, rows, style);
}

/** Each flow, and in one line how many are wrong. */
function watchedPart(view: MonitorsView, style: Style): Part {
  const of = (...states: readonly FlowView['state'][]): number => view.flows.filter(({ state }) => states.includes(state)).length;
  const [wrong, unknown] = [of('wrong'), of('unmeasured', 'not-measured')];
  const mark = style.glyph[wrong > 0 ? 'failed' : unknown > 0 ? 'doubt' : 'done'];
  return {
    full: `${style.chalk.bold('Watched')}\n${monitorsText(view, style, { opened: false })}`,
    short: `${mark} Watched: ${counted(view.flows.length, 'flows')}, ${wrong} wrong${unknown > 0 ? `, ${unknown} not measured` : ''}. See: runback monitor status`,
  };
}

/** As many lines as a text takes on the screen. */
const linesOf = (text: string, { width }: Style): number =>
  text.split('\n').reduce((all, line) => all + Math.max(1, Math.ceil(displayWidth(line) / width)), 0);

function within(parts: readonly Part[], rows: number, style: Style): string {
  const shown = parts.map(({ full }) => full);
  const text = (): string => shown.join('\n\n');
  for (let n = parts.length - 1; n >= 0 && linesOf(text(), style) > rows; n -= 1) shown[n] = parts[n]?.short ?? '';
  if (linesOf(text(), style) <= rows) return text();
  // Not even so: without empty lines, and the least urgent counted.
  const kept: string[] = [];
  for (const [n, { short }] of parts.entries()) {
    const rest = parts.length - n - 1;
    if (linesOf([...kept, short, ...(rest > 0 ? [''] : [])].join('\n'), style) > rows) {
      kept.push(`... and ${counted(rest + 1, 'more things')}: runback status --json`);
      break;
    }
    kept.push(short);
  }
  return kept.join('\n');
}

/** Incidents that are named where there is room for a line each. */
const MOST_LINES = 8;

function onFire(status: WorkspaceStatus, style: Style): readonly Part[] {
  const { incidents, next, daemon, more } = status;
  const { chalk, glyph } = style;
  const parts: Part[] = [];
  if (incidents.length === 0) return parts;
  const moreLine = (n: number): readonly string[] => (n > 0 ? [`... and ${counted(n, 'more incidents')}: runback incident list`] : []);
  parts.push({
    full: [chalk.bold('Incidents'), ...incidents.map((incident) => incidentBlock(incident, style)), ...moreLine(more)].join('\n'),
    short: [
      ...incidents.slice(0, MOST_LINES).map((incident) => incidentLine(incident, style)),
      ...moreLine(more + Math.max(0, incidents.length - MOST_LINES)),
    ].join('\n'),
  });
  const lines = next
    .slice(0, 5)
    .map(({ incident, at, quietUntil }) => `${time(at, style)}: ${incident}${quietUntil === undefined ? '' : ', held back by quiet hours'}`);
  const [first] = lines;
  if (first !== undefined)
    parts.push({ full: [chalk.bold('Due next'), ...lines.map((line) => `  ${line}`)].join('\n'), short: `Due next: ${first}` });
  const alone =
    daemon?.life === 'unknown'
      ? `${glyph.warning} The daemon's lock is held by process ${daemon.pid} on ${visible(daemon.host)}, which cannot be seen from here. If it has ended, start another: runback daemon`
      : `${glyph.warning} No daemon is running here: nothing escalates automatically. Start one: runback daemon`;
  const told = wrap(alone, style.width - 2).join('\n  ');
  if (daemon?.life !== 'alive') parts.push({ full: told, short: told });
  return parts;
}

/** Why people may not hear of it: pages that failed, by cause, and rules that cannot be used. */
function unheard({ policyTrouble, deadLetters, incidents }: WorkspaceStatus, { chalk, glyph }: Style): readonly Part[] {
  const parts: Part[] = [];
  const failed = deadLetters.map(({ page, attempts }) => ({ channel: page.to.channel, why: attempts.at(-1)?.why, needs: attempts.at(-1)?.needs }));
  const lines = failureLines(failed, incidents.length === 0 || incidents.some(isReached)).map((line) => `${glyph.failed} ${visible(line)}`);
  const [first] = lines;
  if (first !== undefined) parts.push({ full: [chalk.bold('Pages that failed permanently'), ...lines.slice(0, 5)].join('\n'), short: first });
  if (policyTrouble !== undefined)
    parts.push({
      full: `${glyph.warning} ${policyTrouble}`,
      short: `${glyph.warning} escalation.yml cannot be used as it is. See: runback escalation lint`,
    });
  return parts;
}

function workPart({ runs, atWork }: WorkspaceStatus, style: Style): readonly Part[] {
  const [first] = runs;
  if (first === undefined) return [];
  return [
    {
      full: `${style.chalk.bold('Open runs')}\n${runsList(runs, style)}\n${runs.map((run) => `  ${whoIsAt(run, atWork) ?? `Continue: ${nextOf(run) ?? ''}`}`).join('\n')}`,
      short: `${counted(runs.length, 'open runs')}. ${whoIsAt(first, atWork) ?? `Continue: ${nextOf(first) ?? ''}`}`,
    },
  ];
}

/** Who works on a run now: nobody else continues it then. */
function whoIsAt({ id }: RunView, atWork: WorkspaceStatus['atWork']): string | undefined {
  const worker = atWork.find(({ run }) => run === id);
  return worker && `${visible(worker.by)} is working on it on ${visible(worker.host)}`;
}

function restorePart(restore: RestoreSummary, { runs }: WorkspaceStatus, style: Style): Part {
  const title = restore.state === 'partial' ? 'Restore partly done' : 'Open restore';
  const run = runs.find(({ id }) => id === restore.run);
  return {
    full: `${style.chalk.bold(title)}\n${restoreText(restore, style, { goOn: run && nextOf(run) })}`,
    short: `${title}: ${restore.id}. See: runback restore show ${restore.plan}`,
  };
}

function pausePart({ pauses }: WorkspaceStatus, style: Style): readonly Part[] {
  if (pauses.length === 0) return [];
  const names = pauses.flatMap(({ entries }) => entries.map(({ sync }) => visible(sync)));
  return [{ full: pausesText(pauses, style), short: `${style.glyph.pause} Paused: ${[...new Set(names)].join(', ')}. See: runback sync status` }];
}

/** Lines that are one matter each; in short the first of them. */
function listPart(lines: readonly string[]): readonly Part[] {
  const [first] = lines;
  if (first === undefined) return [];
  return [{ full: lines.join('\n'), short: lines.length === 1 ? first : `${first} (and ${lines.length - 1} more)` }];
}

function damagedLines({ damagedIncidents, damagedRuns, damagedRestores, damagedPauses }: WorkspaceStatus, style: Style): readonly string[] {
  return [
    ...damagedIncidents.map((id) => damagedIncident(id, style)),
    ...damagedRuns.map((id) => `${style.glyph.failed} ${id}: its journal is damaged. See: runback runbook evidence ${id}`),
    ...damagedRestores.map((id) => `${style.glyph.failed} ${id} cannot be read: its journal is damaged. Why: runback restore resume ${id}`),
    ...damagedPauseLines(damagedPauses, style),
  ];
}

function lockLines({ locks }: WorkspaceStatus, style: Style): readonly string[] {
  return locks.map((lock) => {
    const next = lock.next === undefined ? [] : `Continue ${lock.holder}: ${lock.next}`.split('\n').flatMap((line) => commandApart(line, style));
    const held = `${style.glyph.warning} ${visible(lock.purpose)}: held by ${visible(lock.by)} (${lock.holder}) since ${time(lock.since, style)}; ${lifeOf(lock)}`;
    return [...wrap(held, style.width - 2), ...next].join('\n  ');
  });
}

/** A line that names a command; where it is too long, the command stands on the next one, whole. */
function commandApart(line: string, { width }: Style): readonly string[] {
  const at = line.indexOf(': runback ');
  return at === -1 || line.length <= width - 2 ? [line] : [line.slice(0, at + 1), `  ${line.slice(at + 2)}`];
}

/** The line for an incident whose journal cannot be read: it is there, and what it is cannot be told. */
export const damagedIncident = (id: string, { glyph }: Style): string =>
  `${glyph.failed} ${id} cannot be read: its journal is damaged. See: runback incident show ${id}`;
