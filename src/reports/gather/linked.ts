import type { Incident, LinkKind } from '../../incidents/index.js';
import { defined } from '../../lib/index.js';
import type { Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { PauseRecord } from '../../syncs/index.js';
import type { PausedSync } from '../types.js';
import { readRestoreOrigin } from './restore.js';

interface Where {
  readonly store: Store;
  readonly clock: Clock;
}

/** Ids of what an incident is tied to, in the order in which it was. */
export function linked(incident: Incident, kind: LinkKind): readonly string[] {
  return incident.links.filter((link) => link.kind === kind).map(({ id }) => id);
}

/** True where one of these incidents is this one, or one that it took in. */
function isOwn({ id, absorbed }: Incident, incidents: readonly string[]): boolean {
  return incidents.some((one) => one === id || absorbed.includes(one));
}

/** Whether a time lies in what the incident lasted: only for what earlier versions wrote, which names no incident. */
function spanOf(incident: Incident, clock: Clock): (at: string) => boolean {
  const start = [incident.beganAt, incident.detectedAt, incident.openedAt].filter((at) => at !== undefined).sort()[0] ?? incident.openedAt;
  const end = incident.resolvedAt ?? clock.now().toISOString();
  return (at) => at >= start && at <= end;
}

/**
 * Restores that were begun by hand while the incident was open on their platform: each names it in its first line.
 * Those of earlier versions name none; there the times tell.
 */
export async function besideRestores(incident: Incident, { store, clock }: Where): Promise<readonly string[]> {
  const lasted = spanOf(incident, clock);
  const found: string[] = [];
  for (const id of await store.journals('restores')) {
    const origin = await readRestoreOrigin(store, id);
    if (origin?.byHand !== true) continue;
    const { incidents, platform, at } = origin;
    if (incidents === undefined ? incident.platforms.includes(platform) && lasted(at) : isOwn(incident, incidents)) found.push(id);
  }
  return found;
}

/**
 * Pauses that linked runs made, and those that people made while the incident was open. Each says so itself; of those
 * of earlier versions, which do not, the times tell.
 */
export async function pausedSyncs(incident: Incident, { store, clock }: Where): Promise<readonly PausedSync[]> {
  const runs = new Set(linked(incident, 'run'));
  const lasted = spanOf(incident, clock);
  const syncs: PausedSync[] = [];
  for (const id of await store.list('sync-pauses')) {
    const record = await store.document<PauseRecord>('sync-pauses', id).read();
    if (record === undefined) continue;
    const run = record.holder.split('/')[0] ?? record.holder;
    if (!runs.has(run) && !(record.incidents === undefined ? !run.startsWith('run-') && lasted(record.at) : isOwn(incident, record.incidents)))
      continue;
    const { by, at, reason, resumedAt, resumedBy, override } = record;
    for (const { sync, earlier, state, why } of record.entries)
      syncs.push({
        pause: id,
        sync,
        by,
        at,
        reason,
        earlier,
        state,
        ...defined({ why, resumedAt, resumedBy }),
        ...(override === true ? { override } : {}),
        ...(runs.has(run) ? { run } : {}),
      });
  }
  return syncs.sort((a, b) => a.at.localeCompare(b.at));
}
