import { isFine, type JourneyVerdict, type Want, wantId } from './facts.js';

/** What is known of wants from the steps before. Steps are counted from 1. */
export interface Memory {
  /** Since which step each was right. */
  readonly rightSince: ReadonlyMap<string, number>;
  /** Since which step each is not, which was told then. */
  readonly wrongSince: ReadonlyMap<string, number>;
}

export const NO_MEMORY: Memory = { rightSince: new Map(), wrongSince: new Map() };

/** A want after a step. */
export interface Judged extends Want {
  /** Of what was lost: since which step it had been right. */
  readonly since?: number;
  /** It was not right after an earlier step, and was told of then. */
  readonly told?: number;
}

/**
 * What each want comes to after a step, from what stood there at the deadline and some time later: what is right only then is late, and what was
 * right after an earlier step and is not now is lost.
 */
export function judgeWants(step: number, atDeadline: readonly Want[], later: readonly Want[], memory: Memory): readonly Judged[] {
  const first = new Map(atDeadline.map((want) => [wantId(want), want.verdict]));
  return later.map((want): Judged => {
    const id = wantId(want);
    const told = memory.wrongSince.get(id);
    if (isFine(want.verdict)) {
      const before = first.get(id);
      return before === undefined || isFine(before) ? want : { ...want, verdict: 'late' };
    }
    const before = first.get(id);
    const since = memory.rightSince.get(id) ?? (before !== undefined && isFine(before) ? step : undefined);
    const isLost = since !== undefined && CAN_BE_LOST.has(want.verdict);
    return { ...want, ...(isLost && { verdict: 'lost', since }), ...(told !== undefined && { told }) };
  });
}

const CAN_BE_LOST: ReadonlySet<JourneyVerdict> = new Set(['wrong', 'truncated', 'option-lost', 'missing']);

/** With what one more step showed. */
export function remembered(step: number, judged: readonly Judged[], { rightSince, wrongSince }: Memory): Memory {
  const [right, wrong] = [new Map(rightSince), new Map(wrongSince)];
  for (const want of judged) {
    const id = wantId(want);
    const isRight = isFine(want.verdict) || want.verdict === 'late';
    if (isRight && !right.has(id)) right.set(id, step);
    if (isRight) wrong.delete(id);
    else if (!wrong.has(id)) wrong.set(id, step);
  }
  return { rightSince: right, wrongSince: wrong };
}

/** What is still waited for: what was told of before is not. */
export function unreached(wants: readonly Want[], { wrongSince }: Memory): readonly Want[] {
  return wants.filter((want) => !isFine(want.verdict) && !wrongSince.has(wantId(want)));
}
