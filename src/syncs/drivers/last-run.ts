import { z } from 'zod';

import { type CelType, compileExpression } from '../../lib/index.js';
import type { LastRunExpressions } from '../last-run.js';

/** What a sync of runback.yml says of its last run, over the same values as `paused`. */
export const lastRunSettings = z.strictObject({
  ended: z.string().describe('CEL: when the last run ended, as a time or a number since the epoch; null where none has.'),
  began: z.string().optional().describe('CEL: when it began.'),
  failed: z.string().optional().describe('CEL: true where it failed.'),
  records: z.string().optional().describe('CEL: how many records it moved.'),
  errors: z.string().optional().describe('CEL: how many of these records it could not write.'),
});

/** The expressions of it; undefined where a sync says nothing. */
export function lastRunOf(
  settings: z.infer<typeof lastRunSettings> | undefined,
  variables: Readonly<Record<string, CelType>>,
): LastRunExpressions | undefined {
  if (settings === undefined) return undefined;
  const compile = (source: string | undefined) => (source === undefined ? undefined : compileExpression(source, variables));
  return {
    ended: compileExpression(settings.ended, variables),
    began: compile(settings.began),
    failed: compile(settings.failed),
    records: compile(settings.records),
    errors: compile(settings.errors),
  };
}
