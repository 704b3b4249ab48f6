import type { ObjectType } from '../object-type.js';
import { defaultPipeline, outcomeOf } from '../pipeline-rules.js';
import type { WriteSource } from '../record.js';
import type { PropertyValues } from '../values.js';
import type { AccountSettings } from './account-settings.js';

/** A value that the account sets beside what was sent, and as what it writes. */
export interface Fill {
  readonly property: string;
  readonly value: string;
  readonly source: WriteSource;
}

const CLOSING: WriteSource = { type: 'DEALS', id: 'CloseDate' };
const DEFAULTS: WriteSource = { type: 'CALCULATED', id: 'Defaults' };

/** What a new record gets beside what was sent. Pure. */
export function fillsOfNew(type: ObjectType, sent: PropertyValues, settings: AccountSettings, at: number): readonly Fill[] {
  const values: Record<string, string> = { ...defaultPipeline(type, sent) };
  if (settings.stageOfNew !== null && sent.lifecyclestage === undefined && type.properties.has('lifecyclestage'))
    values.lifecyclestage = settings.stageOfNew;
  if (type.name === 'companies' && sent.website === undefined && sent.domain !== undefined) values.website = sent.domain;
  const fills = Object.entries(values).map(([property, value]) => ({ property, value, source: DEFAULTS }));
  return [...fills, ...closing(type, {}, sent, settings, at)];
}

/** What a changed record gets beside what was sent. `accepted` holds what was sent, `''` where it clears. Pure. */
export function fillsOfChange(
  type: ObjectType,
  held: PropertyValues,
  accepted: PropertyValues,
  settings: AccountSettings,
  at: number,
): readonly Fill[] {
  const website: readonly Fill[] =
    type.name === 'companies' && accepted.domain && accepted.website === undefined && held.website === undefined
      ? [{ property: 'website', value: accepted.domain, source: DEFAULTS }]
      : [];
  return [...website, ...closing(type, held, accepted, settings, at)];
}

/**
 * The moment a deal is won or lost becomes its close date, unless one is sent along; from one won stage to another it
 * stays.
 */
function closing(type: ObjectType, held: PropertyValues, accepted: PropertyValues, settings: AccountSettings, at: number): readonly Fill[] {
  if (!settings.setsCloseDate || type.name !== 'deals' || accepted.closedate !== undefined) return [];
  const now = outcomeOf({ ...held, ...accepted });
  if (now !== 'won' && now !== 'lost') return [];
  return now === outcomeOf(held) ? [] : [{ property: 'closedate', value: new Date(at).toISOString(), source: CLOSING }];
}
