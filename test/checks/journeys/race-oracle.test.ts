import { describe, expect, it } from 'vitest';

import {
  type Ends,
  INITIAL,
  isBefore,
  isExplained,
  outcomes,
  type RacedField,
  type RacedWrite,
} from '../../../src/checks/journeys/parallel/oracle.js';
import { interleaving } from '../../../src/checks/journeys/parallel/schedule.js';
import { seedOf } from '../../support/seeds.js';
import { tries } from '../../support/sweeps.js';
import { randomFrom } from '../history.js';

const RULES: readonly RacedField['rule'][] = [
  { kind: 'alone', side: 0 },
  { kind: 'one-way', from: 0 },
  { kind: 'one-way', from: 1 },
  { kind: 'two-way', reason: 'both', wins: 'newest' },
  { kind: 'two-way', reason: 'both', wins: 'person' },
  { kind: 'two-way', reason: 'both', wins: 1 },
];

interface Story {
  readonly fields: readonly RacedField[];
  readonly writes: readonly RacedWrite[];
  readonly ends: Ends;
}

/** Few writes to few fields, and ends that some order may come to, or may not. */
function storyOf(seed: number): Story {
  const random = randomFrom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const fields = Array.from({ length: 1 + pick(2) }, (_, n): RacedField => ({
    id: `f${n}`,
    rule: RULES[pick(RULES.length)] ?? { kind: 'alone', side: 0 },
  }));
  const writes = Array.from({ length: 1 + pick(4) }, (): RacedWrite => {
    const begin = pick(8);
    const end = begin + 1 + pick(4);
    const side = pick(2) === 0 ? 0 : 1;
    const own = fields.filter(({ rule }) => random() < 0.8 && (rule.kind !== 'alone' || rule.side === side));
    const answered = random() < 0.85;
    return { side, fields: new Set(own.map(({ id }) => id)), begin, beginMs: begin * 1500, ...(answered && { end, endMs: end * 1500 }) };
  });
  const value = (): ReadonlySet<number> => new Set([pick(writes.length + 1) - 1, ...(random() < 0.1 ? [pick(writes.length)] : [])]);
  const ends = new Map(
    fields.map(({ id }) => {
      const left = value();
      return [id, [left, random() < 0.7 ? left : random() < 0.2 ? undefined : value()] as const] as const;
    }),
  );
  return { fields, writes, ends };
}

/** The slow obvious way: every choice of unanswered writes, every order of all of them, everything that each may come to. */
function isExplainedSlowly({ fields, writes, ends }: Story): boolean {
  const sides = writes.map(({ side }) => side);
  const all = writes.map((_, n) => n);
  const subsets = all.reduce<readonly (readonly number[])[]>(
    (some, n) => (writes[n]?.end === undefined ? [...some, ...some.map((each) => [...each, n])] : some.map((each) => [...each, n])),
    [[]],
  );
  return subsets.some((chosen) =>
    orders(chosen).some((order) => {
      const isAllowed = order.every((n, at) =>
        order.slice(at + 1).every((later) => {
          const [one, other] = [writes[later], writes[n]];
          return one === undefined || other === undefined || !isBefore(one, other);
        }),
      );
      if (!isAllowed) return false;
      // Fields do not touch each other once the order is given.
      return fields.every((field) => {
        let pairs: readonly (readonly [number, number])[] = [[INITIAL, INITIAL]];
        for (const n of order) {
          const write = writes[n];
          if (write?.fields.has(field.id) === true) pairs = pairs.flatMap((pair) => outcomes(field.rule, pair, write.side, n, sides));
        }
        const [left, right] = ends.get(field.id) ?? [];
        return pairs.some(([l, r]) => (left === undefined || left.has(l)) && (right === undefined || right.has(r)));
      });
    }),
  );
}

function orders(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => orders(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

describe('whether an order of writes explains what stands in the end', () => {
  it('is told as by trying every order', () => {
    const first = seedOf();
    const count = tries(20_000);
    let explained = 0;
    for (let seed = first; seed < first + count; seed += 1) {
      const story = storyOf(seed);
      const is = isExplained(story.fields, story.writes, story.ends);
      if (is) explained += 1;
      expect(is, `seed ${seed}`).toBe(isExplainedSlowly(story));
    }
    expect(explained).toBeGreaterThan(count / 10);
    expect(explained).toBeLessThan((count * 9) / 10);
  });

  it('a later write that was acknowledged cannot be lost, and one without an answer may be', () => {
    const fields: readonly RacedField[] = [{ id: 'title', rule: { kind: 'one-way', from: 0 } }];
    const write = (begin: number, end?: number): RacedWrite => ({
      side: 0,
      fields: new Set(['title']),
      begin,
      beginMs: begin,
      ...(end !== undefined && { end, endMs: end }),
    });
    const standsFirst: Ends = new Map([['title', [new Set([0]), new Set([0])]]]);
    expect(isExplained(fields, [write(1, 2), write(3, 4)], standsFirst)).toBe(false);
    expect(isExplained(fields, [write(1, 2), write(3)], standsFirst)).toBe(true);
    // Sent at the same time: either may have been the later one.
    expect(isExplained(fields, [write(1, 4), write(2, 3)], standsFirst)).toBe(true);
  });

  it('eight writes at the same time are tried in every order', () => {
    const fields: readonly RacedField[] = ['a', 'b'].map((id) => ({ id, rule: { kind: 'two-way', reason: 'both', wins: 'person' } }));
    const writes = Array.from({ length: 8 }, (_, n): RacedWrite => {
      return { side: n % 2 === 0 ? 0 : 1, fields: new Set(['a', 'b']), begin: 0, beginMs: 0, end: 100, endMs: 100 };
    });
    const endsWith = (left: number, right: number): Ends => new Map(fields.map(({ id }) => [id, [new Set([left]), new Set([right])]]));
    expect(isExplained(fields, writes, endsWith(6, 7))).toBe(true);
    // What was written on the right side only cannot stay on the left while another value of that side stays on the right.
    expect(isExplained(fields, writes, endsWith(INITIAL, 7))).toBe(false);
  });
});

describe('interleavings', () => {
  it('hold every write of every writer once, in its order, and are the same for the same seed', () => {
    const first = seedOf();
    const different = new Set<string>();
    for (let seed = first; seed < first + 500; seed += 1) {
      const rounds = interleaving([3, 2, 1], seed);
      expect(rounds).toEqual(interleaving([3, 2, 1], seed));
      expect(rounds.flat().toSorted()).toEqual([0, 0, 0, 1, 1, 2]);
      for (const round of rounds) expect(new Set(round).size).toBe(round.length);
      different.add(JSON.stringify(rounds));
    }
    expect(different.size).toBeGreaterThan(50);
  });
});
