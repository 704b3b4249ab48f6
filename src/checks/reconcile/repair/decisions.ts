import { z } from 'zod';

import { RunbackError } from '../../../lib/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import { parseYaml, type PathProblem, readYamlText } from '../../../workspace/index.js';
import type { KeptDifference } from '../records/kept.js';

/** What becomes of the others of a group of records that match twice. */
const OTHERS = ['leave', 'inactive', 'delete'] as const;
export type Others = (typeof OTHERS)[number];

/** Which two of several records belong together, as a person says. */
export interface TwiceDecision {
  /** Keys, by side. */
  readonly keys: readonly [string, string];
  readonly others: Others;
}

/** The format of a file of decisions: records by the names of the two sides. */
const answersSchema = z.strictObject({
  version: z.literal(1),
  twice: z.array(z.record(z.string(), z.string().min(1))).min(1),
});

/**
 * Reads what a person decided about records that match twice: `{ crm: KEY, map: KEY, others: leave }` of each group. Throws
 * `file-unreadable`, and `file-invalid` with every problem.
 */
export async function readDecisions(path: string, { sides }: Mapping): Promise<readonly TwiceDecision[]> {
  const yaml = parseYaml(await readYamlText(path), path, answersSchema);
  const names = sides.map(({ name }) => name);
  const problems: PathProblem[] = [];
  const seen = new Set<string>();
  const decisions = yaml.value.twice.map((entry, n): TwiceDecision => {
    for (const name of Object.keys(entry))
      if (name !== 'others' && !names.includes(name))
        problems.push({ path: ['twice', n, name], onKey: true, message: `${name} is no side of the mapping`, expected: names.join(', ') });
    for (const name of names) if (entry[name] === undefined) problems.push({ path: ['twice', n], message: `the key in ${name} is missing` });
    const others = OTHERS.find((one) => one === (entry['others'] ?? 'leave'));
    if (others === undefined) problems.push({ path: ['twice', n, 'others'], message: 'the others can be left or go', expected: OTHERS.join(', ') });
    const keys = [entry[sides[0].name] ?? '', entry[sides[1].name] ?? ''] as const;
    for (const [side, key] of keys.entries()) {
      const name = `${side} ${key}`;
      if (key !== '' && seen.has(name)) problems.push({ path: ['twice', n], message: `${key} belongs to two records` });
      seen.add(name);
    }
    return { keys, others: others ?? 'leave' };
  });
  if (problems.length > 0) throw yaml.invalid(problems);
  return decisions;
}

/** A group of records that match twice, and what was decided about it. */
export interface DecidedGroup {
  readonly pair: readonly [string, string];
  /** The others, by side. */
  readonly rest: readonly [readonly string[], readonly string[]];
  readonly others: Others;
}

/**
 * What was decided about each group; undefined where nothing was. Throws `usage` for a decision about records that do not match twice, and for
 * two about one group.
 */
export function decidedGroups(groups: readonly KeptDifference['keys'][], decisions: readonly TwiceDecision[]): readonly (DecidedGroup | undefined)[] {
  const holds = (group: KeptDifference['keys'], { keys }: TwiceDecision): boolean => group[0].includes(keys[0]) && group[1].includes(keys[1]);
  for (const decision of decisions)
    if (!groups.some((group) => holds(group, decision))) throw refused(decision, 'They do not match twice in this result.');
  return groups.map((group): DecidedGroup | undefined => {
    const [decision, second] = decisions.filter((one) => holds(group, one));
    if (decision === undefined) return undefined;
    if (second !== undefined) throw refused(second, `${decision.keys.join(' and ')} are of the same group.`);
    const rest = (side: SideIndex): readonly string[] => group[side].filter((key) => key !== decision.keys[side]);
    return { pair: decision.keys, rest: [rest(0), rest(1)], others: decision.others };
  });
}

function refused({ keys }: TwiceDecision, why: string): RunbackError {
  return new RunbackError('usage', `Nothing can be decided about ${keys.join(' and ')}`, {
    why,
    state: 'Nothing was planned.',
    next: 'The groups are listed by runback reconcile plan without --answers.',
  });
}
