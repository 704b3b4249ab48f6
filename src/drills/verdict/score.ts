import { counted, formatDuration, parseDuration } from '../../lib/index.js';
import type { DrillDocument } from '../document/schema.js';
import type { Check, CheckName } from './checks.js';
import type { Facts } from './facts.js';

/** Holds what was found against what was wanted: one line for each check that can be made on this stage. */
export function scoreOf(facts: Facts, expected: DrillDocument['expect']): readonly Check[] {
  const { stops } = expected;
  const checks = [
    tookEffect(facts),
    stops === undefined ? ended(facts, expected.ends) : stoppedAt(facts, stops),
    ...cellsOf(facts, expected),
    ...effectsOf(facts, expected),
    ...syncOf(facts),
    ...timesOf(facts, expected),
  ];
  return stops === undefined ? checks : checks.filter(({ name }) => !OF_AN_END.has(name));
}

/** What a run that has to stop half-way says nothing about. */
const OF_AN_END: ReadonlySet<CheckName> = new Set(['repaired', 'links', 'recovery_time']);

const check = (name: CheckName, passed: boolean, found: string, wanted: string): Check => ({ name, passed, found, wanted });

/** A fault that changed nothing proves nothing. */
const tookEffect = ({ struck }: Facts): Check => check('took_effect', struck > 0, counted(struck, 'changes'), 'at least 1');

function ended({ report }: Facts, ends: DrillDocument['expect']['ends']): Check {
  const good: readonly string[] = ends === undefined ? ['succeeded', 'partial'] : [ends];
  const why = report.because === undefined ? '' : `: ${report.because}`;
  return check('ended', good.includes(report.state), `${report.state}${why}`, good.join(' or '));
}

/** Where a person has to decide, a run that goes on without one is worse than one that stops. */
function stoppedAt({ report }: Facts, step: string): Check {
  const over = ['succeeded', 'partial', 'undone'].includes(report.state);
  const why = report.because === undefined ? '' : `: ${report.because}`;
  const found = over ? report.state : `stopped at ${report.stoppedAt ?? 'no step'}${why}`;
  return check('ended', !over && report.stoppedAt === step, found, `stopped at ${step}`);
}

function cellsOf({ judged }: Facts, expected: DrillDocument['expect']): readonly Check[] {
  const { score, links, optedIn, duplicates } = judged;
  const repaired = percentOf(score.damagedCells - score.damagedLeft, score.damagedCells);
  const kept = percentOf(score.legitimateEdits - score.legitimateLost, score.legitimateEdits);
  return [
    check('repaired', repaired >= percentIn(expected.repaired), `${shown(repaired)} of ${score.damagedCells}`, expected.repaired),
    check(
      'innocent_changed',
      score.innocentChanged <= expected.innocent_changed,
      `${score.innocentChanged} of ${score.innocentCells}`,
      `at most ${expected.innocent_changed}`,
    ),
    check('edits_kept', kept >= percentIn(expected.edits_kept), `${shown(kept)} of ${score.legitimateEdits}`, expected.edits_kept),
    check('links', links.left <= expected.links, `${links.left} of ${links.damaged} wrong`, `at most ${expected.links} wrong`),
    check('consent', optedIn.length === 0, `${optedIn.length} people opted in again`, '0'),
    check('duplicates', duplicates.length <= expected.duplicates, `${duplicates.length} too many`, `at most ${expected.duplicates}`),
  ];
}

function effectsOf({ sideEffects }: Facts, expected: DrillDocument['expect']): readonly Check[] {
  if (sideEffects === undefined) return [];
  const { length } = sideEffects;
  return [check('side_effects', length <= expected.side_effects, `${length} set off by the restore`, `at most ${expected.side_effects}`)];
}

/** The sync stood still from before the first write until everything was verified, and runs again afterwards. */
function syncOf({ sync, steps, report }: Facts): readonly Check[] {
  if (sync === undefined) return [];
  const applied = steps.filter(({ action }) => action === 'restore.apply');
  const taken = applied.find(({ state }) => state === 'running')?.when;
  const over = applied.findLast(({ state }) => state !== 'running')?.when ?? taken;
  // One that somebody had started again is paused once more before anything is written.
  const quiet = sync.log.findLast(({ what, at }) => what === 'quiet' && taken !== undefined && over !== undefined && at > taken && at < over)?.at;
  const began = quiet ?? taken;
  const verified = steps.findLast(({ action, state }) => action === 'restore.verify' && state === 'succeeded')?.when;
  const resumed = sync.log.filter(({ what }) => what === 'resumed').map(({ at }) => at);
  const writes =
    began === undefined || over === undefined ? 0 : sync.log.filter(({ what, at }) => what === 'wrote' && at > began && at < over).length;
  const early = resumed.filter((at) => verified === undefined || at < verified).length;
  const open = ['waiting', 'running', 'failed'].includes(report.state);
  return [
    check('paused_while_written', writes === 0, `${writes} writes of the sync during the restore`, '0'),
    check('resumed_after_verification', early === 0, early === 0 ? 'not before' : `started again ${early} times before it`, 'not before'),
    check(
      'syncs_as_before',
      sync.paused === open,
      sync.paused ? 'paused' : 'running',
      open ? 'paused, since the run is still open' : 'running, as before',
    ),
  ];
}

function timesOf({ struckAt, endedAt, snapshotAt, report }: Facts, expected: DrillDocument['expect']): readonly Check[] {
  return [
    within('recovery_time', endedAt - struckAt, 'steps' in report ? expected.guided_time : expected.recovery_time),
    within('data_loss_window', struckAt - snapshotAt, expected.data_loss_window),
  ];
}

function within(name: CheckName, ms: number, target: string): Check {
  return check(name, ms <= parseDuration(target), formatDuration(Math.max(1, Math.round(ms / 100)) * 100), `at most ${target}`);
}

/** 0 to 100; where there is nothing, all of it. */
const percentOf = (part: number, whole: number): number => (whole === 0 ? 100 : (part / whole) * 100);
const percentIn = (text: string): number => Number(text.slice(0, -1));
/** Never rounded up: 99.99 % is not all. */
const shown = (percent: number): string => `${percent === 100 ? '100' : (Math.floor(percent * 100) / 100).toFixed(2)}%`;
