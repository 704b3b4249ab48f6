import { THRESHOLDS } from '../thresholds.js';
import { overlap, type Draft } from './draft.js';

/** Groups of one writer that did the same to several fields in the same time, as one group. */
export function joinFields(drafts: readonly Draft[]): readonly Draft[] {
  const out: Draft[] = [];
  for (const draft of drafts) {
    const place = out.findIndex((other) => belongTogether(other, draft));
    const other = out[place];
    if (other === undefined) out.push(draft);
    else out[place] = joined(other, draft);
  }
  // What follows a group follows what became of it.
  const became = (follows: Draft): Draft | undefined =>
    out.find((draft) => draft === follows || draft.runs.includes(follows.runs[0] as Draft['runs'][number]));
  return out.map((draft) => {
    if (draft.follows === undefined) return draft;
    const follows = became(draft.follows);
    return follows === undefined || follows === draft.follows ? draft : { ...draft, follows };
  });
}

function belongTogether(a: Draft, b: Draft): boolean {
  if (a.verdict !== b.verdict || (a.verdict !== 'damage' && a.verdict !== 'ask') || a.follows !== b.follows) return false;
  if (a.object !== b.object || a.label !== b.label || a.writer !== b.writer || a.writer === undefined || !a.exact || !b.exact) return false;
  if (a.label !== 'moved' && a.detail !== b.detail) return false;
  const [small, large] = [a, b].map(({ members }) => members.length).sort((x, y) => x - y);
  // A handful in the middle of a week of another field is not the same.
  return overlap(a, b) && (small ?? 0) >= THRESHOLDS.sameShiftShare * (large ?? 0);
}

function joined(a: Draft, b: Draft): Draft {
  const more = b.signs.filter(({ words }) => !a.signs.some((sign) => sign.words === words));
  return {
    ...a,
    fields: [...new Set([...a.fields, ...b.fields])],
    fromMs: Math.min(a.fromMs, b.fromMs),
    toMs: Math.max(a.toMs, b.toMs),
    points: Math.max(a.points, b.points),
    signs: [...a.signs, ...more],
    members: [...a.members, ...b.members],
    runs: [...a.runs, ...b.runs],
  };
}
