import type { Incident } from '../../incidents/index.js';
import type { PageRecord } from '../../notify/index.js';
import type { RestoreSummary } from '../../restores/index.js';
import type { RunView } from '../../runbooks/index.js';
import type { SnapshotSummary } from '../../snapshots/index.js';
import type { LockInfo } from '../../store/index.js';
import type { PauseRecord } from '../../syncs/index.js';
import { type LockView, lifeOf } from '../locks.js';
import { counted, time } from './format.js';
import { incidentBlock } from './incident.js';
import { restoreText } from './restore.js';
import { nextOf, runsList } from './run.js';
import { gapsLine } from './snapshot.js';
import type { Style } from './style.js';
import { pausesText } from './sync.js';
import { visible } from './visible.js';

/** Everything that is open in a workspace. */
export interface WorkspaceStatus {
  /** Why people are not paged by what escalation.yml says now, in words. */
  readonly policyTrouble?: string;
  readonly incidents: readonly Incident[];
  /** Open incidents that are not among `incidents`. */
  readonly more: number;
  /** Pages that failed for good and were not dismissed. */
  readonly deadLetters: readonly PageRecord[];
  /** What is due next, earliest first. */
  readonly next: readonly { readonly incident: string; readonly title: string; readonly at: string; readonly quietUntil?: string }[];
  readonly daemon: LockInfo | undefined;
  readonly runs: readonly RunView[];
  readonly restores: readonly RestoreSummary[];
  readonly pauses: readonly PauseRecord[];
  readonly damagedIncidents: readonly string[];
  readonly damagedRuns: readonly string[];
  readonly damagedRestores: readonly string[];
  readonly locks: readonly LockView[];
  /** The newest snapshot of a platform, where something that was wanted is not in it, or not provably whole. */
  readonly incompleteSnapshots: readonly SnapshotSummary[];
}

/** One screen: what is on fire, who has it, what is paused, what is due next, what can be gone on with. */
export function statusText(status: WorkspaceStatus, style: Style): string {
  const { chalk, glyph } = style;
  const { incidents, runs, restores, pauses, damagedIncidents, damagedRuns, damagedRestores, locks, deadLetters, next, daemon } = status;
  const blocks: string[] = [];
  if (incidents.length > 0) {
    const more = status.more > 0 ? [`... and ${counted(status.more, 'more incidents')}: runback incident list`] : [];
    blocks.push([chalk.bold('Incidents'), ...incidents.map((incident) => incidentBlock(incident, style)), ...more].join('\n'));
    if (next.length > 0)
      blocks.push(
        [
          chalk.bold('Due next'),
          ...next
            .slice(0, 5)
            .map(
              ({ incident, at, quietUntil }) => `  ${time(at, style)}: ${incident}${quietUntil === undefined ? '' : ', held back by quiet hours'}`,
            ),
        ].join('\n'),
      );
    if (daemon?.life === 'unknown')
      blocks.push(
        `${glyph.warning} The daemon's lock is held by process ${daemon.pid} on ${visible(daemon.host)}, which cannot be seen from here. If it has ended, start another: runback daemon`,
      );
    else if (daemon?.life !== 'alive')
      blocks.push(`${glyph.warning} No daemon runs here: nothing will escalate by itself. Start one: runback daemon`);
  }
  if (status.policyTrouble !== undefined) blocks.push(`${glyph.warning} ${status.policyTrouble}`);
  if (deadLetters.length > 0)
    blocks.push(
      [
        chalk.bold('Pages that failed for good'),
        ...deadLetters.slice(-5).map(({ page, attempts }) => {
          const who = page.to.name ?? page.to.person ?? page.to.channel;
          return `${glyph.failed} ${visible(who)} (${visible(page.to.medium)}), ${page.incident.id}: ${visible(attempts.at(-1)?.why ?? 'no reason given')}`;
        }),
      ].join('\n'),
    );
  if (runs.length > 0)
    blocks.push(`${chalk.bold('Open runs')}\n${runsList(runs, style)}\n${runs.map((run) => `  Go on: ${nextOf(run) ?? ''}`).join('\n')}`);
  const open = new Map(runs.map((run) => [run.id, nextOf(run)]));
  blocks.push(
    ...restores.map((restore) => {
      const title = restore.state === 'partial' ? 'Restore with a rest' : 'Open restore';
      return `${chalk.bold(title)}\n${restoreText(restore, style, { goOn: open.get(restore.run ?? '') })}`;
    }),
  );
  if (pauses.length > 0) blocks.push(pausesText(pauses, style));
  blocks.push(...damagedIncidents.map((id) => damagedIncident(id, style)));
  blocks.push(...damagedRuns.map((id) => `${glyph.failed} ${id}: its journal is damaged. See: runback runbook evidence ${id}`));
  blocks.push(...damagedRestores.map((id) => `${glyph.failed} ${id} cannot be read: its journal is damaged. Why: runback restore resume ${id}`));
  blocks.push(
    ...locks.map((lock) => {
      const next = lock.next === undefined ? '' : `\n  Continue ${lock.holder}: ${lock.next}`;
      return `${glyph.warning} ${visible(lock.purpose)}: held by ${visible(lock.by)} (${lock.holder}) since ${time(lock.since, style)}; ${lifeOf(lock)}${next}`;
    }),
  );
  blocks.push(
    ...status.incompleteSnapshots.map(
      ({ id, gaps }) => `${glyph.warning} The newest snapshot, ${id}, does not hold everything: ${gapsLine(gaps)}. See: runback snapshot show ${id}`,
    ),
  );
  if (blocks.length === 0) blocks.push(`${glyph.done} Nothing is open: no incident, no run, no restore, no paused sync.`);
  return blocks.join('\n\n');
}

/** The line for an incident whose journal cannot be read: it is there, and what it is cannot be told. */
export const damagedIncident = (id: string, { glyph }: Style): string =>
  `${glyph.failed} ${id} cannot be read: its journal is damaged. See: runback incident show ${id}`;
