import type { Judgement } from '../types.js';
import { explained } from './causes.js';
import { type Look, type NextAlerts, nextOfGroup } from './group.js';
import { keyOf, type Symptom, symptomsOf } from './symptoms.js';
import type { AlertAction, AlertContext, AlertState, OpenAlert, Rest } from './types.js';

export type { NextAlerts } from './group.js';

/** What nobody was ever told of. */
export const NO_ALERTS: AlertState = { numbers: {}, open: [], rests: {} };

/** However long nobody looked, or wherever the clock went: it counts as no more than this. */
const MOST_WATCHED_MS = 3_600_000;
/** What comes back within so long came back; later it is something new. */
const REST_MS = 48 * 3_600_000;

/**
 * What the alerting remembers from now on, and what is to be done. Keep both before anything of it is done: then a killed process does what was
 * kept, and decides nothing twice. What was judged before and is not among the judgements stays as it is; what no monitor watches now ends.
 */
export function nextAlerts(kept: AlertState, judgements: readonly Judgement[], context: AlertContext): NextAlerts {
  const symptoms = symptomsOf(judgements, context);
  const look: Look = {
    symptoms,
    causes: explained(symptoms, kept.open, context.settings.alerts),
    judgements: new Map(judgements.map((judgement) => [keyOf(judgement.series), judgement])),
    watchedMs: watchedMs(kept.lookedAt, context.now),
    context,
  };
  const homes = homesOf(look, kept.open);
  const groups = [...new Set([...kept.open.map(({ group }) => group), ...homes.keys()])].sort();
  let state: AlertState = { ...kept, rests: aged(kept.rests, look.watchedMs), lookedAt: context.now.toISOString() };
  const actions: AlertAction[] = [];
  for (const group of groups) {
    const one = nextOfGroup(state, group, homes.get(group) ?? [], look);
    state = one.state;
    actions.push(...one.actions);
  }
  return { state, actions };
}

/** Milliseconds since the last look. A clock that went back, or far ahead, did not watch. */
function watchedMs(lookedAt: string | undefined, now: Date): number {
  if (lookedAt === undefined) return 0;
  return Math.min(MOST_WATCHED_MS, Math.max(0, now.getTime() - Date.parse(lookedAt)));
}

function aged(rests: AlertState['rests'], byMs: number): AlertState['rests'] {
  const older = Object.entries(rests).map(([group, rest]): [string, Rest] => [group, { ...rest, quietMs: rest.quietMs + byMs }]);
  return Object.fromEntries(older.filter(([, { quietMs }]) => quietMs < REST_MS));
}

/** By group the symptoms that belong to its alert: what is explained stands where its cause does, unless an alert has it already. */
function homesOf({ symptoms, causes }: Look, open: readonly OpenAlert[]): ReadonlyMap<string, readonly Symptom[]> {
  const homes = new Map<string, Symptom[]>();
  for (const symptom of symptoms) {
    const holds = (alert: OpenAlert): boolean => alert.group === symptom.group && alert.findings.some(({ series }) => keyOf(series) === symptom.key);
    const cause = causes.get(symptom.key);
    const home = cause === undefined || open.some(holds) ? symptom.group : cause.group;
    homes.set(home, [...(homes.get(home) ?? []), symptom]);
  }
  return homes;
}
