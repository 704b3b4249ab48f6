import type { Capabilities } from '../../connectors/index.js';
import { defined, didYouMean, isRunbackError, MOMENT_FORM, readMoment, RunbackError } from '../../lib/index.js';
import { watchedFields, type ObjectSchema } from '../../records/index.js';
import { checkWhere } from '../decide/where.js';
import type { PlanFilters } from '../types.js';

/** The limits of a plan, as errors name them in `data.limit`. */
export type LimitName = Exclude<keyof PlanFilters, 'unattributed' | 'deleteCreated'>;

/**
 * Refuses a limit that cannot be honoured, and says which (`data: {limit}`): a limit is never dropped (G29). `schemas`:
 * the object types the plan covers, then and now; without them the names are not checked. Throws `usage`, `not-found`,
 * `expression-invalid`.
 */
export function checkLimits(filters: PlanFilters, schemas?: readonly ObjectSchema[]): void {
  checkWindow(filters);
  if (filters.only?.length === 1 && filters.only[0] === 'created' && !filters.deleteCreated)
    throw refusal('usage', 'only', 'A plan for created records alone has nothing to do', {
      why: 'Created records are restored by deleting them, which you must ask for.',
      next: 'Add --delete-created (delete_created: true), or choose another kind of damage.',
    });
  if (filters.where !== undefined) limited('where', () => checkWhere(filters.where ?? '', schemas));
  if (schemas === undefined) return;
  for (const limit of ['fields', 'exceptFields'] as const) for (const name of filters[limit] ?? []) checkField(limit, name, schemas);
}

/**
 * Refuses limits that one person gave together although they leave nothing over. Where a runbook's limits and a
 * person's do, there is simply nothing to do in that step. Throws `usage`.
 */
export function checkTogether({ fields, only }: PlanFilters): void {
  if (fields !== undefined && only?.includes('changed') === false)
    throw refusal('usage', 'only', `A plan for some fields only restores nothing of ${only.join(' and ')}`, {
      why: 'Limited to fields, a plan restores the values of existing records only: no records, and no links.',
      next: 'Leave out one of the two, or add changed to the kinds of damage.',
    });
}

const instantOf = (text: string): number => {
  const read = readMoment(text, {});
  return read.ok ? read.at.getTime() : Number.NaN;
};

function checkWindow({ since, until }: PlanFilters): void {
  for (const [limit, text] of [
    ['since', since],
    ['until', until],
  ] as const)
    if (text !== undefined && !readMoment(text, {}).ok)
      throw refusal('usage', limit, `"${text}" is no time that \`${limit}\` can be`, { why: `Expected ${MOMENT_FORM}.` });
  if (since !== undefined && until !== undefined && instantOf(since) > instantOf(until))
    throw refusal('usage', 'until', 'The end time is before the start time', {
      why: `The window runs from ${since} until ${until}: it is empty.`,
      next: 'Swap them, or leave one out.',
    });
}

function checkField(limit: 'fields' | 'exceptFields', name: string, schemas: readonly ObjectSchema[]): void {
  const found = schemas.flatMap((schema) => schema.fields.filter((field) => field.name === name).map((field) => ({ schema, field })));
  if (found.length === 0) {
    const known = new Set(schemas.flatMap((schema) => schema.fields.map((field) => field.name)));
    throw refusal('not-found', limit, `No object type of this plan has a field ${name}${didYouMean(name, known)}`, {
      why: `Checked ${[...new Set(schemas.map((schema) => schema.object))].join(', ')}.`,
      next: 'Correct the name. It is the one that the platform uses in its API, not the label on its screens.',
    });
  }
  if (limit === 'fields' && found.every(({ schema, field }) => field.readOnly && !watchedFields(schema).includes(field)))
    throw refusal('usage', limit, `The field ${name} cannot be written, so a plan for it has nothing to do`, {
      why: 'The platform calculates it.',
      next: 'Choose the fields that it is calculated from.',
    });
}

/** Refuses writers that a person named where nothing would be limited by them: the platform does not tell who wrote. */
export function checkSuspects(filters: PlanFilters, history: Capabilities['history']): void {
  // `include` is a yes by name to what nothing ties to these writers; the plan counts it.
  if (filters.suspects === undefined || filters.unattributed !== 'unknown') return;
  if (history === 'none')
    throw refusal('usage', 'suspects', 'This platform does not report who wrote what, so a plan cannot be limited to some writers', {
      why: 'With --unattributed unknown the writers would limit nothing.',
      next: 'Leave the writers out, or decide the changes one by one with --unattributed refuse.',
    });
}

/** Refuses keys that no record has. */
export function refuseKeys(unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 5).join(', ');
  throw refusal('not-found', 'keys', `Neither snapshot has a record ${shown}${unknown.length > 5 ? ` (nor ${unknown.length - 5} more)` : ''}`, {
    why: 'A plan is limited to records by their keys (ids) on the platform.',
    next: 'Correct the keys, or leave them out.',
  });
}

function limited(limit: LimitName, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const { why, state = 'Nothing was written.', next } = error;
    throw new RunbackError(error.code, error.message, {
      ...defined({ why }),
      state,
      ...defined({ next }),
      data: { ...error.data, limit },
      cause: error,
    });
  }
}

function refusal(
  code: 'usage' | 'not-found',
  limit: LimitName,
  message: string,
  details: { readonly why: string; readonly next?: string },
): RunbackError {
  return new RunbackError(code, message, { state: 'Nothing was written.', ...details, data: { limit } });
}
