import type { Document, Store } from '../../store/index.js';
import type { WorkspaceConfig } from '../../workspace/index.js';
import { type Alarm, type AlarmDeps, keepAlarm } from '../alarm.js';
import { type Task, type TaskView, taskView } from '../schedule/task.js';
import type { RoundOfAll } from './round.js';

const ALARMS = 'backup-damage-alarms';

/** That people were told of a damaged snapshot. */
export type DamageAlarm = Alarm<'damaged'>;

/** How the verification of stored snapshots stands, for people and programs. */
export interface VerificationView extends TaskView<RoundOfAll> {
  readonly budget: string;
}

/** The verification of stored snapshots as a task; undefined where it has no schedule. It waits for incidents on any platform. */
export function verifyTask({ backups: { verify }, platforms }: Pick<WorkspaceConfig, 'backups' | 'platforms'>): Task | undefined {
  if (verify === undefined) return undefined;
  const { schedule, timezone } = verify;
  const purpose = 'the verification of stored snapshots';
  return {
    kind: 'backup-verifications',
    name: 'snapshots',
    lock: 'backup-verification',
    purpose,
    platforms: Object.keys(platforms),
    schedule,
    timezone,
  };
}

/** How the verification of stored snapshots stands now; undefined where it has no schedule. */
export async function verificationView(config: WorkspaceConfig, store: Store, now: Date): Promise<VerificationView | undefined> {
  const task = verifyTask(config);
  if (task === undefined) return undefined;
  const { standing: _standing, ...view } = await taskView<RoundOfAll>(task, store, now);
  return { ...view, budget: config.backups.verify?.budget ?? '' };
}

/** The alarms about damaged snapshots that stand, by snapshot. */
export async function damageAlarms(store: Store): Promise<ReadonlyMap<string, DamageAlarm>> {
  const alarms = new Map<string, DamageAlarm>();
  for (const id of await store.list(ALARMS)) {
    const alarm = await alarmAbout(store, id).read();
    if (alarm !== undefined) alarms.set(id, alarm);
  }
  return alarms;
}

function alarmAbout(store: Store, snapshot: string): Document<DamageAlarm> {
  return store.document<DamageAlarm>(ALARMS, snapshot);
}

/**
 * Keeps the alarms about damaged snapshots in step with those that are damaged now: see {@link keepAlarm}. Each is told once,
 * and that it was replaced by the right file, or is gone, is noted where it was told.
 */
export async function raiseDamageAlarms(
  deps: AlarmDeps,
  damaged: readonly string[],
  tell: (snapshot: string) => Promise<string | undefined>,
  over: (snapshot: string, incident: string) => Promise<void>,
): Promise<ReadonlyMap<string, DamageAlarm>> {
  const { store } = deps;
  for (const id of new Set([...damaged, ...(await store.list(ALARMS))]))
    await keepAlarm(deps, {
      document: alarmAbout(store, id),
      lock: `backup-damage-alarm-${id}`,
      purpose: `telling of damage in ${id}`,
      problem: damaged.includes(id) ? 'damaged' : undefined,
      tell: async () => await tell(id),
      over: async (incident) => await over(id, incident),
    });
  return await damageAlarms(store);
}
