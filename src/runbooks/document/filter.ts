import { z } from 'zod';

import { defined, didYouMean, isRunbackError, mismatchWords, readMoment } from '../../lib/index.js';
import { checkLimits, checkTogether, DAMAGE_KINDS } from '../../restores/index.js';

const names = z.array(z.string().min(1)).min(1);
export const kinds = z.array(z.enum(DAMAGE_KINDS)).min(1);
export const unattributed = z.enum(['include', 'refuse', 'unknown']);

/** What a plan may be limited to, as a runbook or a person writes it. */
export const filterSchema = z.strictObject({
  objects: names.optional(),
  fields: names.optional(),
  except_fields: names.optional().describe('Fields that are left as they are.'),
  keys: names.optional(),
  only: kinds.optional().describe('Kinds of damage to restore: changed, deleted, created, links.'),
  where: z.string().min(1).optional().describe('CEL over object, key, field, base, damaged, live.'),
  since: z.string().optional(),
  until: z.string().optional(),
  suspects: names.optional().describe('Writers, as the history of the platform names them; exact, or a prefix ending in *.'),
  unattributed: unattributed.optional(),
  delete_created: z.boolean().optional(),
});
type PlanFilter = z.infer<typeof filterSchema>;

/** A filter that can be used, or what is wrong with it in words. */
export type ReadFilter = { readonly ok: true; readonly filter: PlanFilter } | { readonly ok: false; readonly problem: string };

/**
 * Reads a filter as a person gives it: an object, the same as JSON, or one expression for `where`. Its names, times and
 * expression are checked at once; how long ago becomes a time. `zone`: of times that name none; without it such a time
 * is refused. Whether its fields are there is for the plan to say, which knows the platform.
 */
export function readFilter(value: unknown, now: Date, zone?: string): ReadFilter {
  const wanted = typeof value === 'string' ? fromText(value.trim()) : value;
  if (wanted === undefined) return { ok: false, problem: 'it is neither JSON nor an expression' };
  const parsed = filterSchema.safeParse(wanted, { error: mismatchWords });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    if (unknown !== undefined)
      return { ok: false, problem: `there is no limit called "${unknown}"${didYouMean(unknown, Object.keys(filterSchema.shape))}` };
    return { ok: false, problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is not valid'}` };
  }
  const { since, until, where, ...rest } = parsed.data;
  const times: { since?: string; until?: string } = {};
  for (const [name, text] of [
    ['since', since],
    ['until', until],
  ] as const) {
    if (text === undefined || text === '') continue;
    const read = readMoment(text, { now, zone });
    if (!read.ok)
      return { ok: false, problem: `${name} cannot be "${text}": ${[read.problem, read.why].filter((part) => part !== undefined).join('. ')}` };
    times[name] = read.at.toISOString();
  }
  const filter = { ...rest, ...times, ...defined({ where }) };
  try {
    const { fields, only } = rest;
    checkTogether({ ...(fields && { fields }), ...(only && { only }), unattributed: 'refuse', deleteCreated: true });
    checkLimits({ ...times, ...defined({ where }), unattributed: 'refuse', deleteCreated: true });
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return { ok: false, problem: [error.message, error.why].filter((part) => part !== undefined).join('. ') };
  }
  return { ok: true, filter };
}

function fromText(text: string): unknown {
  if (text === '') return {};
  if (!text.startsWith('{')) return { where: text };
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
