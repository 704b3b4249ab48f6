import type { AlertSettings } from '../../workspace/index.js';
import type { FindingKind } from '../types.js';
import { keyOf, type Symptom } from './symptoms.js';
import type { OpenAlert } from './types.js';

/** What may explain something else: wrong now, or well for a shorter time than the hold, in which what it led to ends, too. */
export interface Cause {
  readonly key: string;
  readonly monitor: string;
  readonly finding: FindingKind;
  readonly level: 'page' | 'note';
  readonly platforms: readonly string[];
  readonly group: string;
}

/** By key of a symptom the cause that explains it. What is silenced explains nothing: nobody was told of it. */
export function explained(symptoms: readonly Symptom[], open: readonly OpenAlert[], settings: AlertSettings): ReadonlyMap<string, Cause> {
  const causes = causesOf(symptoms, open, settings.holdMs);
  const roots = new Map<string, Cause | undefined>();
  const byKey = new Map(symptoms.map((symptom) => [symptom.key, symptom]));
  for (const symptom of symptoms) rootOf(symptom, { causes, roots, byKey, settings }, new Set());
  return new Map([...roots].flatMap(([key, cause]) => (cause === undefined ? [] : [[key, cause] as const])));
}

interface Search {
  readonly causes: readonly Cause[];
  readonly roots: Map<string, Cause | undefined>;
  readonly byKey: ReadonlyMap<string, Symptom>;
  readonly settings: AlertSettings;
}

/** The cause at the beginning of a chain. Of several that explain each other one is told: no circle silences itself. */
function rootOf(symptom: Symptom, search: Search, path: ReadonlySet<string>): Cause | undefined {
  const { roots, byKey } = search;
  if (roots.has(symptom.key)) return roots.get(symptom.key);
  const walked = new Set([...path, symptom.key]);
  let root: Cause | undefined;
  for (const cause of search.causes) {
    if (walked.has(cause.key) || !explains(cause, symptom, search.settings)) continue;
    const itself = byKey.get(cause.key);
    const further = itself === undefined ? undefined : rootOf(itself, search, walked);
    const found = further ?? cause;
    if (found.key === symptom.key) continue;
    root = found;
    break;
  }
  // What was found on the way through a circle holds for that way alone.
  if (path.size === 0 || root === undefined || !path.has(root.key)) roots.set(symptom.key, root);
  return root;
}

function explains(cause: Cause, symptom: Symptom, { inhibit }: AlertSettings): boolean {
  // What wakes nobody does not silence what would.
  if (cause.level === 'note' && symptom.level === 'page') return false;
  if (symptom.needs.includes(cause.monitor)) return true;
  // Of what two platforms are needed for, the same of one of them alone is the cause.
  if (cause.finding === symptom.finding && !isPart(cause.platforms, symptom.platforms)) return false;
  const silenced = inhibit[cause.finding];
  const isThere = symptom.platforms.some((platform) => cause.platforms.includes(platform));
  return silenced !== undefined && isThere && (silenced === 'all' || silenced.includes(symptom.finding));
}

const isPart = (some: readonly string[], of: readonly string[]): boolean => some.length < of.length && some.every((one) => of.includes(one));

function causesOf(symptoms: readonly Symptom[], open: readonly OpenAlert[], holdMs: number): readonly Cause[] {
  const now = symptoms.filter(({ isSilenced }) => !isSilenced).map((symptom): Cause => ({ ...symptom, monitor: symptom.series.monitor }));
  const wrong = new Set(symptoms.map(({ key }) => key));
  const held = open.flatMap(({ group, findings }) =>
    findings
      .filter(({ because, series, wellMs, ended }) => !ended && wellMs < holdMs && because === undefined && !wrong.has(keyOf(series)))
      .map((finding): Cause => ({ ...finding, key: keyOf(finding.series), monitor: finding.series.monitor, group })),
  );
  return [...now, ...held];
}
