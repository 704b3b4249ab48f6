import { formatDuration } from '../../lib/index.js';
import type { Answer, Found, Judged, Reading, Submission, Verdict } from './facts.js';

/** What is judged. */
export interface Evidence {
  readonly submissions: readonly Submission[];
  /** One for each submission, in the same order. */
  readonly answers: readonly Answer[];
  /** Of one object type, in the order in which they began; none overlaps another. */
  readonly readings: readonly Reading[];
  /** How long a submission may take to arrive, milliseconds. */
  readonly withinMs: number;
  /** When what was disturbed had recovered: nothing has to have arrived earlier than `withinMs` after that. */
  readonly recoveredMs?: number | undefined;
}

/**
 * What became of each submission, in order: exactly one verdict each. Nobody is accused of what was not seen: a reading
 * that was cut short proves nothing by what it lacks, and a mark that was overwritten by the same person's other
 * submission is missing only where the platform would tell of it.
 */
export function judge({ submissions, answers, readings, withinMs, recoveredMs }: Evidence): readonly Judged[] {
  const looks = readings.map((reading) => lookOf(reading, submissions));
  return submissions.map((submission, index) => {
    const answer = answers[index] ?? { outcome: 'unanswered', sentMs: 0, endedMs: 0, why: 'it was never sent' };
    return judged(submission, answer, looks, { withinMs, deadlineMs: Math.max(answer.endedMs, recoveredMs ?? 0) + withinMs });
  });
}

/** How many there are of each verdict; together as many as were submitted. */
export function totalsOf(all: readonly Judged[]): Readonly<Record<Verdict, number>> {
  const totals: Record<Verdict, number> = { once: 0, doubled: 0, lost: 0, refused: 0, late: 0, unknown: 0 };
  for (const { verdict } of all) totals[verdict] += 1;
  return totals;
}

/** A reading, by person. */
interface Look {
  readonly reading: Reading;
  readonly byPerson: ReadonlyMap<string, readonly Found[]>;
}

function lookOf(reading: Reading, submissions: readonly Submission[]): Look {
  const people = new Set(submissions.map(({ person }) => person));
  const byNonce = new Map(submissions.map(({ nonce, person }) => [nonce, person]));
  const byPerson = new Map<string, Found[]>();
  for (const found of reading.found) {
    // A record without its address is that of whoever's mark it bears.
    const marked = found.nonces.flatMap((nonce) => byNonce.get(nonce) ?? []);
    const whose = new Set([...marked, ...(found.person !== undefined && people.has(found.person) ? [found.person] : [])]);
    for (const person of whose) {
      const known = byPerson.get(person) ?? [];
      byPerson.set(person, known);
      // A record that moved while pages were turned comes twice, and is one.
      if (!known.some(({ key }) => key === found.key)) known.push(found);
    }
  }
  return { reading, byPerson };
}

/** What one reading says of one submission. */
type Sign =
  | 'there'
  /** Its mark is not there, and everything was read. */
  | 'absent'
  /** It was not seen, which says nothing. */
  | 'untold';

function signOf({ reading, byPerson }: Look, { person, nonce }: Submission): { readonly sign: Sign; readonly doubled: boolean } {
  const records = byPerson.get(person) ?? [];
  if (records.some(({ nonces }) => nonces.includes(nonce))) return { sign: 'there', doubled: records.length > 1 };
  // The same person's other submission may have taken its place, or something else the place of each mark.
  const overwritten = records.length > 0 && (!reading.past || records.every(({ nonces }) => nonces.length === 0));
  return { sign: reading.whole && !overwritten ? 'absent' : 'untold', doubled: false };
}

/** All that the readings say of one submission. */
interface Course {
  readonly doubled: boolean;
  /** The first reading that shows it. */
  readonly first: Reading | undefined;
  /** The last reading before that which proves that it was not there. */
  readonly before: Reading | undefined;
  /** A reading after the deadline proves that it was not there yet. */
  readonly missedDeadline: boolean;
  /** What the last reading after the deadline says that says anything. */
  readonly last: Sign;
}

function courseOf(submission: Submission, looks: readonly Look[], deadlineMs: number): Course {
  let course: Course = { doubled: false, first: undefined, before: undefined, missedDeadline: false, last: 'untold' };
  for (const look of looks) {
    const { sign, doubled } = signOf(look, submission);
    const isAfter = look.reading.fromMs >= deadlineMs;
    course = {
      doubled: course.doubled || doubled,
      first: course.first ?? (sign === 'there' ? look.reading : undefined),
      before: sign === 'absent' && course.first === undefined ? look.reading : course.before,
      missedDeadline: course.missedDeadline || (sign === 'absent' && isAfter && course.first === undefined),
      last: isAfter && sign !== 'untold' ? sign : course.last,
    };
  }
  return course;
}

function judged(
  submission: Submission,
  answer: Answer,
  looks: readonly Look[],
  { withinMs, deadlineMs }: { readonly withinMs: number; readonly deadlineMs: number },
): Judged {
  const course = courseOf(submission, looks, deadlineMs);
  const came = course.first && { came: { afterMs: course.before?.fromMs ?? Number.NEGATIVE_INFINITY, beforeMs: course.first.toMs } };
  return { submission, ...decided(answer, course, { deadlineMs, withinMs }), ...came };
}

function decided(
  answer: Answer,
  { doubled, first, missedDeadline, last }: Course,
  { deadlineMs, withinMs }: { readonly deadlineMs: number; readonly withinMs: number },
): Pick<Judged, 'verdict' | 'why'> {
  const time = formatDuration(withinMs);
  if (doubled) return { verdict: 'doubled', why: 'Its person has more than one record.' };
  if (last === 'absent' && answer.outcome === 'acknowledged') {
    const gone = first === undefined ? 'it is not there' : 'it was there, and is not any longer';
    return { verdict: 'lost', why: `The intake took it (${answer.why}), and after ${time} ${gone}: every record was read.` };
  }
  if (first === undefined) {
    if (answer.outcome === 'refused') return { verdict: 'refused', why: `The intake did not take it: ${answer.why}.` };
    if (answer.outcome === 'unanswered') return { verdict: 'unknown', why: `It was not seen, and whether it was taken is not known: ${answer.why}.` };
    return { verdict: 'unknown', why: `The intake took it (${answer.why}), and no reading after ${time} shows everything.` };
  }
  if (last === 'absent') return { verdict: 'unknown', why: `It was there, and is not any longer; the intake said: ${answer.why}.` };
  if (first.toMs <= deadlineMs) return { verdict: 'once', why: 'One record has it, in time.' };
  if (missedDeadline) return { verdict: 'late', why: `It was not there after ${time}, and came later.` };
  return { verdict: 'unknown', why: `It came, but whether within ${time} was not seen.` };
}
