import type { Platform } from '../../../connectors/index.js';
import { RunbackError } from '../../../lib/index.js';
import type { PlanFilters } from '../../types.js';
import { checkLimits } from '../limits.js';

/** The limits of a plan from history: without these two, all that anybody ever wrote would be rolled back. */
export type HistoryFilters = PlanFilters & { readonly since: string; readonly suspects: readonly string[] };

/**
 * Refuses a plan from history that has no beginning or no suspect, and limits that no history can honour, before
 * anything is asked of the platform. Throws `usage`, `expression-invalid`.
 */
export function checkHistoryLimits(filters: PlanFilters): HistoryFilters {
  const { since, suspects = [], only, deleteCreated } = filters;
  if (since === undefined)
    throw refusal('since', 'A plan from history needs to know when the damage began', {
      why: 'Without a snapshot, the time of a write is what tells damage from earlier work.',
      next: 'Add --since with the time of the first bad write, or a little before it.',
    });
  if (suspects.length === 0)
    throw refusal('suspects', 'A plan from history needs to know who did the damage', {
      why: 'Without a snapshot, only the writer tells damage from the work of others in the same time.',
      next: 'Add --suspect with the name that the platform gives the writer.',
    });
  const beyond = only?.find((kind) => kind !== 'changed');
  if (beyond !== undefined || deleteCreated)
    throw refusal('only', `A plan from history restores no records and no links${beyond === undefined ? '' : `: ${beyond}`}`, {
      why: 'The history of fields tells what a record held, not which records and links there were.',
      next: 'Leave out --only and --delete-created, or plan with a snapshot from before the damage: --base',
    });
  checkLimits(filters);
  return { ...filters, since, suspects };
}

/** Refuses a platform that does not keep the history of each field. Throws `usage`. */
export function requireHistory({ name, connector }: Platform): void {
  if (connector.capabilities.history === 'field') return;
  throw new RunbackError('usage', `${name} keeps no history of its fields, so no plan can be made from it`, {
    why:
      connector.capabilities.history === 'record'
        ? 'It tells who changed a record last, and not what stood there before.'
        : 'It does not tell who wrote what.',
    state: 'Nothing was written.',
    next: `Plan with a snapshot from before the damage: runback restore plan --platform ${name} --base <snapshot>. Import a file if you have an export: runback snapshot import --help. A database with an audit table has a history: name it under audit in runback.yml; runback doctor finds common ones.`,
  });
}

function refusal(limit: string, message: string, details: { readonly why: string; readonly next: string }): RunbackError {
  return new RunbackError('usage', message, { state: 'Nothing was written.', ...details, data: { limit } });
}
