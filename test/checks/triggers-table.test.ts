import { describe, expect, it } from 'vitest';

import { conditionOf } from '../../src/checks/triggers/condition.js';
import type { Refire } from '../../src/checks/triggers/facts.js';
import { advanced, BEFORE, expectedOf } from '../../src/checks/triggers/oracle.js';
import { boundaryTable } from '../../src/checks/triggers/table.js';
import { isRunbackError } from '../../src/lib/index.js';
import type { Fields, FieldSchema } from '../../src/records/index.js';

const field = (name: string, type: FieldSchema['type'], more: Partial<FieldSchema> = {}): FieldSchema => ({
  name,
  type,
  platformType: type,
  readOnly: false,
  ...more,
});
const SCHEMA = {
  object: 'leads',
  fields: [
    field('score', 'integer'),
    field('visits', 'integer'),
    field('amount', 'number'),
    field('status', 'enum', { options: ['NEW', 'OPEN', 'WON', 'LOST', 'PARKED'] }),
    field('opted', 'boolean'),
    field('city', 'string', { maxLength: 60 }),
    field('born', 'date'),
    field('seen', 'datetime'),
    field('topics', 'set', { options: ['ads', 'mail', 'web'] }),
    field('must', 'integer', { required: true }),
  ],
};

type Holds = (values: Fields) => boolean;
/** Comparing what is empty is never true. */
const is = (value: unknown, test: (given: never) => boolean): boolean => value !== null && value !== undefined && test(value as never);
const more =
  (name: string, than: number): Holds =>
  (values) =>
    is(values[name], (value: string | number) => Number(value) > than);

/** Conditions, and what each means, written by hand. */
const CONDITIONS: readonly (readonly [string, Holds])[] = [
  ['score > 50', more('score', 50)],
  ['score >= 50', (v) => is(v['score'], (s: number) => s >= 50)],
  ['score < 50', (v) => is(v['score'], (s: number) => s < 50)],
  ['score <= 0', (v) => is(v['score'], (s: number) => s <= 0)],
  ['score == 50', (v) => v['score'] === 50],
  ['score != 50', (v) => v['score'] !== 50],
  ['50 < score', more('score', 50)],
  ['score > -5', more('score', -5)],
  ['score > 50 && score < 100', (v) => is(v['score'], (s: number) => s > 50 && s < 100)],
  ['score < 10 || score > 90', (v) => is(v['score'], (s: number) => s < 10 || s > 90)],
  ['!(score > 50)', (v) => is(v['score'], (s: number) => s <= 50)],
  ['score == null', (v) => (v['score'] ?? null) === null],
  ['score != null && score > 50', more('score', 50)],
  ['must > 7', more('must', 7)],
  ['amount > 99.5', more('amount', 99.5)],
  ['amount >= 2', (v) => is(v['amount'], (s: string) => Number(s) >= 2)],
  ['status == "OPEN"', (v) => v['status'] === 'OPEN'],
  ['status != "LOST"', (v) => v['status'] !== 'LOST'],
  ['status in ["OPEN", "WON"]', (v) => v['status'] === 'OPEN' || v['status'] === 'WON'],
  ['opted', (v) => v['opted'] === true],
  ['!opted', (v) => v['opted'] === false],
  ['city == "Boston"', (v) => v['city'] === 'Boston'],
  ['city.startsWith("Bos")', (v) => is(v['city'], (text: string) => text.startsWith('Bos'))],
  ['city.contains("ton")', (v) => is(v['city'], (text: string) => text.includes('ton'))],
  ['born >= "2000-01-01"', (v) => is(v['born'], (day: string) => day >= '2000-01-01')],
  ['seen > "2026-03-01T08:00:00.000Z"', (v) => is(v['seen'], (at: string) => Date.parse(at) > Date.parse('2026-03-01T08:00:00Z'))],
  ['timestamp(seen) < timestamp("2026-03-01T08:00:00Z")', (v) => is(v['seen'], (at: string) => Date.parse(at) < Date.parse('2026-03-01T08:00:00Z'))],
  ['"mail" in topics', (v) => is(v['topics'], (all: readonly string[]) => all.includes('mail'))],
  ['score > 50 && status == "OPEN"', (v) => more('score', 50)(v) && v['status'] === 'OPEN'],
  ['score > 50 || opted', (v) => more('score', 50)(v) || v['opted'] === true],
  [
    '(score > 50 || visits >= 3) && !(status == "LOST")',
    (v) => (more('score', 50)(v) || is(v['visits'], (n: number) => n >= 3)) && v['status'] !== 'LOST',
  ],
  ['opted && city == "Boston" && amount > 10.0', (v) => v['opted'] === true && v['city'] === 'Boston' && more('amount', 10)(v)],
];

/** Slow and obvious: every write of the whole life of a record is looked at again, with and without those that a batch hides. */
function slowly(
  holds: Holds,
  refire: Refire,
  life: readonly (readonly Fields[])[],
  names: readonly string[],
): readonly (readonly [number, number])[] {
  const count = (writes: readonly Fields[], from: number): number => {
    let fired = 0;
    for (let at = from; at < writes.length; at += 1) {
      const [before, after] = [writes[at - 1], writes[at] ?? {}];
      if (!holds(after)) continue;
      const wasTrue = before !== undefined && holds(before);
      const isOther = before === undefined || names.some((name) => JSON.stringify(before[name] ?? null) !== JSON.stringify(after[name] ?? null));
      const hadBeen = writes.slice(0, at).some(holds);
      const fires = refire === 'once' ? !hadBeen : refire === 'on_recross' ? !wasTrue : isOther;
      if (fires) fired += 1;
    }
    return fired;
  };
  return life.map((step, n) => {
    // What came before is known to have been seen one after the other.
    const past = life.slice(0, n).flat();
    const seen = [count([...past, ...step], past.length), count([...past, ...step.slice(-1)], past.length)];
    return [Math.min(...seen), Math.max(...seen)] as const;
  });
}

describe('the table of boundaries', () => {
  it.each(CONDITIONS)('%s: what should fire is what a slow reader of the whole life says', (source, holds) => {
    const condition = conditionOf(source, SCHEMA);
    const rows = boundaryTable(condition);
    const names = condition.fields.map(({ name }) => name);
    let [firing, silent] = [0, 0];
    for (const refire of ['once', 'on_recross', 'every_change'] as const)
      for (const { name, steps } of rows) {
        // As numbers that were written as texts are kept.
        const life = steps.map((writes) => writes.map(asKept));
        const wanted = slowly(holds, refire, life, names);
        let course = BEFORE;
        for (const [n, writes] of life.entries()) {
          const expected = expectedOf(course, writes, condition, refire);
          expect([expected.least, expected.most], `${refire}: ${name}, step ${n + 1}`).toEqual(wanted[n]);
          course = advanced(course, writes, { expected, fired: expected.most });
          if (expected.least > 0) firing += 1;
          if (expected.most === 0) silent += 1;
        }
        expect(wanted[0], `${name} begins with what does not fire`).toEqual([0, 0]);
      }
    expect(firing).toBeGreaterThan(3);
    expect(silent).toBeGreaterThan(3);
  });

  it('has the rows that people forget, for a number', () => {
    const names = boundaryTable(conditionOf('score > 50', SCHEMA)).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'score: 49 → 50 → 51',
        'score: empty → 51',
        'score: 49 → 51 → empty → 51',
        'score: 49 → "51"',
        'score: 49 → 1000',
        'score: 49 → 51 → 51',
        'score: 49 → 51 and 49',
        'score: 49 → 9',
      ]),
    );
    expect(CONDITIONS.length).toBeGreaterThanOrEqual(30);
  });

  it('tries each part of a combined condition with the others true and false', () => {
    const names = boundaryTable(conditionOf('score > 50 && status == "OPEN"', SCHEMA)).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'score: 49 → 50 → 51 (status: "OPEN")',
        'score: 49 → 50 → 51 (status: "NEW")',
        'status: "NEW" → "OPEN" (score: 51)',
        'status: "OPEN" → "NEW" (score: 49)',
      ]),
    );
  });

  it.each([
    ['score > 50 || score <= 50 || score == null', 'usage', 'always true'],
    ['status == "OPEN" && status == "WON"', 'usage', 'never true'],
    ['scoer > 50', 'expression-invalid', 'scoer'],
    ['score + 1', 'usage', 'is not about'],
    ['true', 'usage', 'is not about'],
  ])('%s is refused', (source, code, said) => {
    try {
      boundaryTable(conditionOf(source, SCHEMA));
      expect.unreachable();
    } catch (error) {
      expect(isRunbackError(error) && [error.code, error.message]).toEqual([code, expect.stringContaining(said)]);
    }
  });
});

/** What a field of numbers makes of a text. */
function asKept(values: Fields): Fields {
  const numbers: Fields = Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (['score', 'visits', 'must'].includes(name) && typeof value === 'string') return [name, Number(value)];
      return [name, name === 'amount' && typeof value === 'string' ? String(Number(value)) : value];
    }),
  );
  return numbers;
}
