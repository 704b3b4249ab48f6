import { damageAlarms, type DamageAlarm, damagedNow, raiseDamageAlarms, type RoundOfAll } from '../../../backups/index.js';
import { defined, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { Catalog } from '../../../snapshots/index.js';
import type { Store } from '../../../store/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { noteOn, openOnce } from './backup-incidents.js';

/** A damaged snapshot, here or in a copy, and that people were told of it. */
export interface StandingDamage {
  readonly snapshot: string;
  readonly copy?: string;
  readonly alarm: DamageAlarm;
}

/** Snapshots, and what is kept of them. */
interface Place {
  readonly store: Store;
  readonly catalog: Catalog;
  /** Name of the copy; absent for those of the workspace. */
  readonly name?: string;
}

/**
 * Tells of damaged snapshots, here and in the copies: each once, by the one incident about them that is open, where escalation.yml says
 * who is to be told. Gives what stands. What is known of a copy stays as it is where that cannot be asked now.
 */
export async function tellOfDamage(context: CommandContext, session: Session): Promise<readonly StandingDamage[]> {
  const { store, workspace } = session;
  const standing = [...(await tellIn(context, session, { store, catalog: await session.catalog() }))];
  for (const copy of workspace.copies?.some(({ verify }) => verify !== undefined) ? await session.copies() : []) {
    try {
      standing.push(...(await tellIn(context, session, copy)));
    } catch (error) {
      if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
      standing.push(...standingIn(copy, await damageAlarms(copy.store)));
    }
  }
  return standing;
}

async function tellIn(context: CommandContext, session: Session, place: Place): Promise<readonly StandingDamage[]> {
  const { store, catalog, name } = place;
  const damaged = await damagedNow({ catalog, store });
  if (damaged.length === 0 && (await damageAlarms(store)).size === 0) return [];
  const stored = await catalog.list();
  const where = name === undefined ? '' : ` in ${name}`;
  const alarms = await raiseDamageAlarms(
    { store, clock: session.clock, by: session.by },
    damaged,
    async (id) => {
      const summary = damageWords({ snapshot: id, ...defined({ copy: name }) });
      const about = stored.find((one) => one.id === id);
      return await openOnce(context, {
        title: name === undefined ? 'Stored snapshots are damaged' : `Copies of snapshots are damaged in ${name}`,
        // Of one that cannot be opened, nobody can tell.
        platforms: about?.platforms.map((one) => one.name) ?? Object.keys(session.workspace.config.platforms),
        impact: 'What the damaged parts hold cannot be put back from them, nor from snapshots that build on them.',
        summary,
        again: { text: summary, key: `damage${where} ${id} ${about?.checkedAt ?? ''}` },
      });
    },
    async (id, incident) => {
      const there = stored.find((one) => one.id === id);
      const text =
        there === undefined
          ? `The damaged snapshot ${id} is no longer stored${where}.`
          : `Every byte of the snapshot ${id}${where} is again what was written.`;
      await noteOn(context, incident, text, `damage over${where} ${id} ${there?.checkedAt ?? ''}`);
    },
  );
  return standingIn(place, alarms);
}

const standingIn = ({ name: copy }: Place, alarms: ReadonlyMap<string, DamageAlarm>): readonly StandingDamage[] =>
  [...alarms].map(([snapshot, alarm]) => ({ snapshot, alarm, ...defined({ copy }) }));

/** That a snapshot is damaged, and what to do. */
export const damageWords = ({ snapshot, copy }: Pick<StandingDamage, 'snapshot' | 'copy'>): string =>
  copy === undefined
    ? `The snapshot ${snapshot} is not what was written, and no longer counts as verified. See what is damaged: runback snapshot verify ${snapshot}`
    : `The snapshot ${snapshot} in the copy ${copy} is not what was written. Move its file away there, then copy it again: runback backup copy ${copy}`;

/** The error for damage that nobody was told of; undefined where there is none. */
export function untoldDamage(standing: readonly StandingDamage[]): RunbackError | undefined {
  const untold = standing.filter(({ alarm }) => alarm.incident === undefined);
  if (untold.length === 0) return undefined;
  return new RunbackError('backup-failing', `Stored snapshots are damaged: ${untold.map(nameOf).join(', ')}`, {
    why: untold.map(damageWords).join('. '),
    state: 'No one was told: this workspace has no escalation.yml.',
    next: 'runback snapshot list',
    data: { snapshots: untold.map(nameOf) },
  });
}

/** What a damaged snapshot is called in the JSON: that in a copy has its name in front. */
export const nameOf = ({ snapshot, copy }: Pick<StandingDamage, 'snapshot' | 'copy'>): string =>
  copy === undefined ? snapshot : `${copy}/${snapshot}`;

/** The error of a round that found damage; undefined where it found none. */
export function damageIn({ damaged: own, copies = {} }: RoundOfAll): RunbackError | undefined {
  const there = Object.entries(copies).flatMap(([copy, round]) =>
    'failed' in round ? [] : round.damaged.map(({ snapshot, why }) => ({ snapshot: nameOf({ snapshot, copy }), copy, why })),
  );
  const damaged: readonly { readonly snapshot: string; readonly copy?: string; readonly why: string }[] = [...own, ...there];
  const [first] = damaged;
  if (first === undefined) return undefined;
  return new RunbackError('snapshot-damaged', `Damaged: ${damaged.map(({ snapshot }) => snapshot).join(', ')}`, {
    why: damaged.map(({ snapshot, why }) => `${snapshot}: ${why}`).join('. '),
    state: 'They no longer count as verified, nor does what builds on them. Nothing was deleted.',
    next:
      first.copy !== undefined
        ? `Move the damaged file away there, then: runback backup copy ${first.copy}`
        : `See what is damaged: runback snapshot verify ${first.snapshot}`,
    data: { damaged },
  });
}
