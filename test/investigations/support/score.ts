import type { Evidence, Group } from '../../../src/investigations/index.js';
import { cellName, LINKS, type StoryWorld } from './story-world.js';

/** What became of a story, by cell; records and links as a whole are cells, too. */
export interface Score {
  /** Cells that differ. */
  readonly changed: number;
  /** Of those, damage by the kept truth. */
  readonly damaged: number;
  readonly chosen: number;
  /** Chosen although they are no damage. */
  readonly wronglyChosen: number;
  readonly chosenDamage: number;
  readonly askedDamage: number;
  /** Damage neither chosen nor asked about. */
  readonly lost: number;
  readonly asked: number;
  /** Most questions of thirty or more cells that one cause led to; it counts for whatever most of its cells are of. */
  readonly questions: number;
  /** Seconds between the first damage and the earliest group that is chosen, the largest of all causes; undefined where none is chosen. */
  readonly onsetSeconds: number | undefined;
}

const LARGE = 30;

/** Which cells that differ are damage, by cause. */
export function truthOf(world: StoryWorld, evidence: Evidence): ReadonlyMap<string, string> {
  const truth = new Map<string, string>();
  for (const { object, key, field } of evidence.cells) {
    const name = cellName(object, key, field);
    const cause = world.log.get(name)?.findLast(({ atMs }) => atMs <= evidence.toMs)?.cause;
    if (cause !== undefined) truth.set(name, cause);
  }
  for (const { change, object, key } of evidence.appeared) {
    const came = world.came.findLast((one) => one.change === change && one.object === object && one.key === key && one.atMs <= evidence.toMs);
    if (came?.cause !== undefined) truth.set(cellName(object, key, ''), came.cause);
  }
  return truth;
}

export function scoreOf(world: StoryWorld, evidence: Evidence, groups: readonly Group[]): Score {
  const truth = truthOf(world, evidence);
  const verdicts = new Map<string, Group>();
  for (const group of groups) for (const { object, key, field } of group.members) verdicts.set(cellName(object, key, field), group);
  const count = (wanted: (name: string, group: Group | undefined) => boolean): number =>
    [...verdicts].filter(([name, group]) => wanted(name, group)).length;
  const chosen = count((_, group) => group?.verdict === 'damage');
  const chosenDamage = count((name, group) => group?.verdict === 'damage' && truth.has(name));
  const askedDamage = count((name, group) => group?.verdict === 'ask' && truth.has(name));
  return {
    changed: evidence.cells.length + evidence.appeared.length,
    damaged: truth.size,
    chosen,
    wronglyChosen: chosen - chosenDamage,
    chosenDamage,
    askedDamage,
    lost: truth.size - chosenDamage - askedDamage,
    asked: count((_, group) => group?.verdict === 'ask'),
    questions: mostQuestions(world, groups, truth),
    onsetSeconds: onsetOf(world, evidence, groups, truth),
  };
}

function mostQuestions(world: StoryWorld, groups: readonly Group[], truth: ReadonlyMap<string, string>): number {
  const questions = new Map<number, Map<string, number>>();
  for (const { question, members } of groups) {
    if (question === undefined) continue;
    const counts = questions.get(question) ?? new Map<string, number>();
    for (const { object, key, field } of members) {
      const name = cellName(object, key, field);
      const by = truth.get(name) ?? `${object} by ${world.log.get(name)?.at(-1)?.writer ?? ''}`;
      counts.set(by, (counts.get(by) ?? 0) + 1);
    }
    questions.set(question, counts);
  }
  const perCause = new Map<string, number>();
  for (const counts of questions.values()) {
    const sorted = [...counts].sort(([, a], [, b]) => b - a);
    if (sorted.reduce((sum, [, count]) => sum + count, 0) < LARGE) continue;
    const cause = sorted[0]?.[0] ?? '';
    perCause.set(cause, (perCause.get(cause) ?? 0) + 1);
  }
  return Math.max(0, ...perCause.values());
}

function onsetOf(world: StoryWorld, { toMs }: Evidence, groups: readonly Group[], truth: ReadonlyMap<string, string>): number | undefined {
  const began = new Map<string, number>();
  const note = (cause: string | undefined, atMs: number): void => {
    if (cause !== undefined && atMs <= toMs) began.set(cause, Math.min(began.get(cause) ?? Number.POSITIVE_INFINITY, atMs));
  };
  for (const entries of world.log.values()) for (const { cause, atMs } of entries) note(cause, atMs);
  for (const { cause, atMs, object } of world.came) if (object !== LINKS) note(cause, atMs);
  const told = new Map<string, number>();
  for (const { verdict, exact, members, fromMs: atMs, follows } of groups) {
    if (verdict !== 'damage' || !exact || follows !== undefined) continue;
    for (const { object, key, field } of members) {
      const cause = truth.get(cellName(object, key, field));
      if (cause !== undefined) told.set(cause, Math.min(told.get(cause) ?? Number.POSITIVE_INFINITY, atMs));
    }
  }
  const errors = [...told].map(([cause, atMs]) => Math.abs(atMs - (began.get(cause) ?? 0)) / 1000);
  return errors.length === 0 ? undefined : Math.max(...errors);
}
