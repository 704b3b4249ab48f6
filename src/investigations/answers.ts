import { z } from 'zod';

import { parseYaml, type PathProblem } from '../workspace/index.js';
import type { InvestigationHeader } from './records/types.js';

/** An answers file for an investigation: which groups are taken, by number. */
export const groupAnswersSchema = z.strictObject({
  investigation: z.string().describe('Id of the investigation whose groups have these numbers.'),
  groups: z
    .record(z.string(), z.enum(['take', 'leave']))
    .describe('Number of a group: take or leave. Without an answer, damage is taken, and all else is left.'),
});

/**
 * Numbers of the groups that an answers file takes. Throws `file-invalid` with everything that is wrong with it: another
 * investigation, a group that this one does not have.
 */
export function groupsTaken(text: string, file: string, { id, groups }: InvestigationHeader): readonly number[] {
  const yaml = parseYaml(text, file, groupAnswersSchema);
  const { investigation, groups: answers } = yaml.value;
  const problems: PathProblem[] = [];
  if (investigation !== id)
    problems.push({ path: ['investigation'], message: `these answers are for ${investigation}, and this is ${id}: its groups have other numbers` });
  else
    for (const name of Object.keys(answers))
      if (!groups.some(({ n }) => String(n) === name))
        problems.push({ path: ['groups', name], onKey: true, message: `${id} has no group "${name}"`, expected: `1 to ${groups.length}` });
  if (problems.length > 0) throw yaml.invalid(problems);
  const given = new Map(Object.entries(answers));
  return groups.filter(({ n, verdict }) => (given.get(String(n)) ?? (verdict === 'damage' ? 'take' : 'leave')) === 'take').map(({ n }) => n);
}
