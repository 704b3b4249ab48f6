import { LIFECYCLE_STAGES } from '../properties/contacts.js';
import type { StoredRecord } from './record.js';

/** HubSpot dates the moment a record entered a stage, and forgets it when the stage is cleared. */
export function stampLifecycle(values: Record<string, string>, record: StoredRecord | undefined, at: number): void {
  const stage = values.lifecyclestage;
  if (stage === undefined || stage === record?.values.lifecyclestage) return;
  const left = record?.values.lifecyclestage;
  if (stage === '' && left !== undefined && record?.values[`hs_lifecyclestage_${left}_date`] !== undefined)
    values[`hs_lifecyclestage_${left}_date`] = '';
  else if (stage !== '') values[`hs_lifecyclestage_${stage}_date`] = new Date(at).toISOString();
}

export function movesBackwards(from: string | undefined, to: string | undefined): boolean {
  if (from === undefined || to === undefined || to === '') return false;
  const stages: readonly string[] = LIFECYCLE_STAGES;
  return stages.indexOf(to) < stages.indexOf(from);
}
