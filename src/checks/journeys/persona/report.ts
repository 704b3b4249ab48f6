import { canonicalJson, defined } from '../../../lib/index.js';
import type { JourneyTest } from '../../document/load.js';
import type { Check, CheckResult } from '../../result.js';
import type { JourneyExample, JourneyStepResult } from '../result.js';
import type { Act } from './act.js';
import type { Blamed } from './blame.js';
import { isFine, JOURNEY_VERDICTS, type JourneyVerdict } from './facts.js';

const EXAMPLES_EACH = 3;
const LONGEST_VALUE = 60;

/** One step, as it went. */
export interface SteppedThrough {
  readonly n: number;
  readonly title: string;
  readonly tookMs: number;
  readonly acts: readonly Act[];
  readonly judged: readonly Blamed[];
}

/** A journey in few words. */
export function journeyResult(
  { id: test, title, digest }: JourneyTest,
  of: {
    readonly id: string;
    readonly startedAt: string;
    readonly endedAt: string;
    readonly people: number;
    readonly steps: readonly SteppedThrough[];
  },
): CheckResult {
  const { people, steps, ...rest } = of;
  const checks = steps.flatMap(checksOf);
  return {
    version: 1,
    test,
    title,
    digest,
    ...rest,
    passed: checks.every(({ passed }) => passed),
    journey: { people, steps: steps.map(stepOf) },
    checks,
  };
}

/** What is told after a step: what was told of after an earlier one is not told again. */
const toldNow = ({ judged }: SteppedThrough): readonly Blamed[] =>
  judged.filter(({ told, verdict }) => told === undefined || isFine(verdict) || verdict === 'late');

/** By the thing that is wanted, in words, of all people. */
function grouped(wants: readonly Blamed[]): ReadonlyMap<string, readonly Blamed[]> {
  const groups = new Map<string, Blamed[]>();
  for (const want of wants) {
    const name = `${whereOf(want)}${RESTS[want.rests]}`;
    groups.set(name, [...(groups.get(name) ?? []), want]);
  }
  return groups;
}

function checksOf(step: SteppedThrough): readonly Check[] {
  return [refusedCheck(step.n, step.acts), ...[...grouped(toldNow(step))].map(([name, wants]) => checkOf(`step ${step.n}: ${name}`, wants))];
}

function stepOf(step: SteppedThrough): JourneyStepResult {
  const { title, tookMs, judged } = step;
  const now = toldNow(step);
  return {
    step: title,
    tookMs,
    totals: countsOf(now.map(({ verdict }) => verdict)),
    still: judged.length - now.length,
    examples: [...grouped(now).values()].flatMap(examplesOf),
  };
}

/** What a want rests on, where it is not what a step said. */
const RESTS: Readonly<Record<Blamed['rests'], string>> = {
  said: '',
  link: '',
  mapping: ' by the mapping',
  'opt-out': ' (opt-out)',
  grows: ' never goes back',
  kept: ' keeps its value',
};

const whereOf = ({ place, field }: Blamed): string => (field === undefined ? place : `${place}.${field}`);

function countsOf(found: readonly JourneyVerdict[]): Readonly<Record<JourneyVerdict, number>> {
  return Object.fromEntries(JOURNEY_VERDICTS.map((verdict) => [verdict, found.filter((each) => each === verdict).length])) as Record<
    JourneyVerdict,
    number
  >;
}

function refusedCheck(n: number, acts: readonly Act[]): Check {
  const refused = acts.flatMap(({ outcome }) => (outcome.state === 'refused' ? [outcome.why] : []));
  const [first] = refused;
  return { name: `step ${n}: refused`, passed: first === undefined, found: first === undefined ? '0' : `${refused.length}: ${first}`, wanted: '0' };
}

function checkOf(name: string, wants: readonly Blamed[]): Check {
  const wrong = wants.filter(({ verdict }) => !isFine(verdict));
  const counted = JOURNEY_VERDICTS.map((verdict) => ({ verdict, of: wrong.filter((want) => want.verdict === verdict) })).filter(
    ({ of }) => of.length > 0,
  );
  return {
    name,
    passed: wrong.length === 0,
    found: wrong.length === 0 ? 'as wanted' : counted.map(({ verdict, of }) => `${of.length} ${verdict}${sinceOf(of)}${byOf(of)}`).join(', '),
    wanted: 'as wanted',
  };
}

/** The step that it was right since. */
function sinceOf(of: readonly Blamed[]): string {
  const steps = [...new Set(of.flatMap(({ since }) => (since === undefined ? [] : [since])))].sort((a, b) => a - b);
  return steps.length === 0 ? '' : ` (right since step ${steps.join(', ')})`;
}

function byOf(of: readonly Blamed[]): string {
  const writers = [...new Set(of.flatMap(({ by }) => (by === undefined ? [] : [by])))];
  return writers.length === 0 ? '' : `, written by ${writers.join(' and ')}`;
}

function examplesOf(wants: readonly Blamed[]): readonly JourneyExample[] {
  return wants
    .filter(({ verdict }) => !isFine(verdict))
    .slice(0, EXAMPLES_EACH)
    .map((want) => ({
      person: String(want.n),
      where: whereOf(want),
      verdict: want.verdict,
      found: shown(want.found),
      wanted: shown(want.wanted),
      ...defined({ since: want.since, by: want.by }),
    }));
}

/** Invented data only: nothing to hide. */
function shown(value: unknown): string {
  const text = value === null || value === '' ? 'empty' : typeof value === 'string' ? value : canonicalJson(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}
