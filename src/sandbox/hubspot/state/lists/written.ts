import { badRequest } from '../../failure.js';
import type { PropertyValues } from '../values.js';
import { type NewList, PROCESSING } from './lists.js';

/** A list that somebody makes without the API: `name`, `object` (contacts), `processing` (MANUAL), `filterBranch` as JSON. */
export function listOf({ name = '', object = 'contacts', processing = 'MANUAL', filterBranch, ...others }: PropertyValues): NewList {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw badRequest(`A list has no ${unknown}`);
  const known = PROCESSING.find((each) => each === processing);
  if (!known) throw badRequest(`Unknown processing ${processing}`);
  return { name, object, processing: known, filterBranch: filterBranch === undefined ? undefined : (JSON.parse(filterBranch) as unknown) };
}
