import { createHash } from 'node:crypto';

import type { Platform, PlatformSchema } from '../../connectors/index.js';
import { counted, canonicalJson, isRunbackError, newId, RunbackError, sha256, shellWord, type Clock } from '../../lib/index.js';
import type { Document, Store } from '../../store/index.js';
import type { Plan, PlanCounts, PlanHeader, PlanLine, PlanSummary } from '../types.js';
import { checkAccount, checkNamed } from './bound.js';
import { plainChangeOf } from './plain-change.js';
import { PlanCounter } from './plan-counter.js';
import { LineSpool } from './spool.js';

/**
 * What runback keeps beside a plan, so that an edited plan is noticed and a restore need not ask for the schema again.
 */
interface PlanNote {
  readonly hash: string;
  /** That of the file before, while records are taken out of it. */
  readonly formerHash?: string;
  readonly schema: PlatformSchema;
}

/** The note of a plan. Names and options of fields are data: they stay as they are. */
function noteOf(store: Store, id: string): Document<PlanNote> {
  return store.document<PlanNote>('plan-notes', id, { exact: ['hash', 'formerHash', 'schema'] });
}

/** A header before its lines are counted and hashed. */
export type PlanHead = Omit<PlanHeader, 'version' | 'id' | 'counts' | 'lost' | 'createdAt' | 'digest'>;

/** The lines of a plan, each told to the counter as it is given. */
export interface PlanDraft {
  lines(counter: PlanCounter): Iterable<string>;
}

/**
 * Writes a plan: counts its lines as they are written, hashes them, and makes header and lines appear at once.
 * `rowsOf`: records of an object type in the damaged snapshot.
 */
export async function writePlan(
  store: Store,
  clock: Clock,
  head: PlanHead,
  schema: PlatformSchema,
  draft: PlanDraft,
  nothingToDo: number,
  rowsOf: (object: string) => number,
): Promise<PlanSummary> {
  const spool = new LineSpool();
  const hash = new LinesHash();
  const counter = new PlanCounter();
  for (const text of draft.lines(counter)) {
    hash.add(text);
    spool.push(text);
  }
  const lost = counter.lost(schema.objects);
  const id = newId('plan', clock, await store.ledgers('plans'));
  const header: PlanHeader = {
    version: 1,
    id,
    ...head,
    counts: counter.counts(nothingToDo, rowsOf),
    ...(lost.length === 0 ? {} : { lost }),
    createdAt: clock.now().toISOString(),
    digest: hash.digest(),
  };
  const first = canonicalJson(header);
  const planHash = sha256(first);
  await noteOf(store, id).update(() => ({ hash: planHash, schema }));
  const ledger = store.ledger('plans', id);
  await ledger.write(prepend(first, spool));
  return { header, hash: planHash, location: ledger.location };
}

/**
 * Writes a plan anew with other lines, for what has to be erased: `change` gives undefined for a line that goes. Numbers stay,
 * and so do counts but for what the lines say. It is the old one or the new one at every moment. False where nothing changed.
 * Throws what {@link readPlan} throws.
 */
export async function rewritePlan(
  store: Store,
  id: string,
  scrub: (header: PlanHeader) => PlanHeader,
  change: (line: PlanLine) => PlanLine | undefined,
): Promise<boolean> {
  const plan = await readPlan(store, id);
  const spool = new LineSpool();
  const hash = new LinesHash();
  const counter = new PlanCounter();
  const head = scrub(plan.header);
  let isOther = head !== plan.header;
  for await (const lines of plan.linesTogether())
    for (const line of lines) {
      const now = change(line);
      isOther ||= now !== line;
      if (now === undefined) continue;
      counter.count(now);
      const text = canonicalJson(now);
      hash.add(text);
      spool.push(text);
    }
  if (!isOther) return false;
  const lost = counter.lost(plan.schema.objects);
  const { lost: _lost, ...rest } = head;
  const counts = { ...counter.counts(head.counts.nothingToDo, () => 0), of: head.counts.of };
  const first = canonicalJson({ ...rest, counts, ...(lost.length === 0 ? {} : { lost }), digest: hash.digest() } satisfies PlanHeader);
  const note = noteOf(store, id);
  await note.update((current) => ({ ...(current ?? { schema: plan.schema }), hash: sha256(first), formerHash: plan.hash }));
  await store.ledger('plans', id).replace(prepend(first, spool));
  await note.update((current) => ({ hash: sha256(first), schema: (current ?? plan).schema }));
  return true;
}

/** Reads a plan and checks every byte of it. Throws `not-found`, `plan-tampered`. */
export async function readPlan(store: Store, id: string): Promise<Plan> {
  const ledger = store.ledger('plans', id);
  if (!(await ledger.exists())) throw new RunbackError('not-found', `There is no plan ${id}`, { next: 'List the plans with: runback restore show' });
  const hash = new LinesHash();
  let first: string | undefined;
  for await (const bytes of ledger.readBytes()) {
    const end = first === undefined ? bytes.indexOf(NEWLINE) : -1;
    const rest = first === undefined && end === -1 ? undefined : bytes.subarray(end + 1);
    first ??= bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
    if (rest !== undefined) hash.addBytes(rest);
  }
  const header = parseHeader(id, first);
  const note = await noteOf(store, id).read();
  const planHash = sha256(first ?? '');
  if (note === undefined || ![note.hash, note.formerHash].includes(planHash) || header.digest !== hash.digest()) throw tampered(id, ledger.location);
  return {
    header,
    hash: planHash,
    location: ledger.location,
    schema: note.schema,
    lines: (over) => readLines(ledger.readMany(), over),
    linesTogether: (over) => readTogether(ledger.readMany(), over),
  };
}

/**
 * Puts a plan into another store, bound to another platform: each line as it is, the head with the account, address and
 * environment of that one. So it is refused on every platform but that. Gives the copy, under the same id.
 */
export async function copyPlan(plan: Plan, store: Store, { identity, environment }: Platform): Promise<PlanSummary> {
  const { id } = plan.header;
  const { account, address } = identity;
  const header: PlanHeader = { ...plan.header, account, address, environment };
  const spool = new LineSpool();
  for await (const lines of plan.linesTogether()) for (const line of lines) spool.push(canonicalJson(line));
  const first = canonicalJson(header);
  await noteOf(store, id).update(() => ({ hash: sha256(first), schema: plan.schema }));
  const ledger = store.ledger('plans', id);
  await ledger.write(prepend(first, spool));
  return { header, hash: sha256(first), location: ledger.location };
}

/** Removes a plan for good. */
export async function deletePlan(store: Store, id: string): Promise<void> {
  await store.ledger('plans', id).delete();
  await noteOf(store, id).delete();
}

/** Characters that are hashed at once: each call costs as much as hashing a kilobyte. */
const HASHED_AT_ONCE = 1 << 16;
const NEWLINE = 0x0a;

/** SHA-256 of lines, each with its newline. */
class LinesHash {
  readonly #hash = createHash('sha256');
  #waiting = '';

  /** Takes a line, or several with a newline between two. */
  add(line: string): void {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length >= HASHED_AT_ONCE) this.#take();
  }

  /** The same as bytes. */
  addBytes(lines: Buffer): void {
    this.#take();
    this.#hash.update(lines);
    this.#hash.update('\n');
  }

  /** Hexadecimal. Nothing can be added any more. */
  digest(): string {
    this.#take();
    return this.#hash.digest('hex');
  }

  #take(): void {
    this.#hash.update(this.#waiting);
    this.#waiting = '';
  }
}

/** Records a restore may write without an approval. */
export interface RestoreLimits {
  readonly records?: number;
  /** Of the records of the touched object types. */
  readonly percent?: number;
}

/** A yes to one plan, bound to its hash. */
export interface Approval {
  readonly hash: string;
  readonly by: string;
  /** Whether a signature proves who gave it, where that was looked at. */
  readonly authenticated?: boolean;
  /** Of the key that signed. */
  readonly fingerprint?: string;
}

/** The conditions of applying a plan. */
export interface PlanConditions {
  readonly limits: RestoreLimits;
  readonly approvals: readonly Approval[];
  /** Age after which the plan is refused. */
  readonly maxAgeMs: number;
  /** See {@link checkAccount}. */
  readonly movedTo?: string;
}

/**
 * Refuses a plan whose account, environment or age does not fit, or that exceeds the limits without an approval of
 * exactly this plan (G10). Throws what {@link checkAccount} and {@link checkNamed} throw, `plan-stale`, `over-limit`.
 */
export function checkPlan(plan: PlanSummary, platform: Platform, now: Date, conditions: PlanConditions): void {
  const { header, hash } = plan;
  checkAccount(header, platform, conditions.movedTo);
  checkNamed(platform);
  checkAge(header, now, conditions.maxAgeMs);
  const excess = excessOf(header.counts, conditions.limits);
  if (excess !== undefined && !conditions.approvals.some((approval) => approval.hash === hash))
    throw new RunbackError('over-limit', `Plan ${header.id} writes more than the limits allow`, {
      why: `${excess}${conditions.approvals.length > 0 ? ' The approval that was given is for another plan.' : ''}`,
      state: 'Nothing was written.',
      next: `Have someone with the authority approve-restore approve the plan with hash ${hash}: runback approve ${header.id}. Or narrow the plan with --object, --field or --key.`,
      data: { hash, records: header.counts.records, of: header.counts.of },
    });
}

/** Refuses a plan that is too old. Throws `plan-stale`. */
export function checkAge(header: PlanHeader, now: Date, maxAgeMs: number): void {
  const age = now.getTime() - Date.parse(header.createdAt);
  // A time that far ahead of the clock says nothing about the age: the clock was put right meanwhile.
  if (Math.abs(age) <= maxAgeMs) return;
  throw new RunbackError('plan-stale', `Plan ${header.id} is ${age < 0 ? 'of an unknown age' : 'too old'} and cannot be applied`, {
    why:
      age < 0
        ? `It says that it was made at ${header.createdAt}, ${minutes(-age)} from now: the clock of this machine was changed since.`
        : `It was made at ${header.createdAt}, ${minutes(age)} ago; the limit is ${minutes(maxAgeMs)}. Records may have changed a lot since.`,
    state: 'Nothing was written.',
    next: `Make a new one: ${againOf(header)}`,
  });
}

/** The command that makes such a plan again. */
function againOf({ platform, base, history, filters }: PlanHeader): string {
  const { since = '', until, suspects = [] } = filters;
  const window = `--since ${since}${until === undefined ? '' : ` --until ${until}`}${suspects.map((suspect) => ` --suspect ${shellWord(suspect)}`).join('')}`;
  return `runback restore plan --platform ${platform} ${history === undefined ? `--base ${base.snapshot}` : `--from-history ${window}`}`;
}

/** In words, how a plan exceeds the limits; undefined where it does not. */
export function excessOf(counts: PlanCounts, limits: RestoreLimits): string | undefined {
  const percent = counts.of === 0 ? 100 : (counts.records / counts.of) * 100;
  if (limits.records !== undefined && counts.records > limits.records)
    return `It writes ${counted(counts.records, 'records')}; the limit is ${limits.records}.`;
  if (counts.records > 0 && limits.percent !== undefined && percent > limits.percent)
    return `It writes ${counts.records} of ${counts.of} records (${percent.toFixed(1)} %); the limit is ${limits.percent} %.`;
  return undefined;
}

/** What a person types to allow a plan: `<environment>:<records>`. */
export function confirmationOf(header: PlanHeader): string {
  return `${header.environment}:${header.counts.records}`;
}

/** Throws `confirmation-missing` or `confirmation-wrong` where the typed confirmation is not that of this plan. */
export function checkConfirmation(header: PlanHeader, confirmed: string | undefined): void {
  const expected = confirmationOf(header);
  if (confirmed === expected) return;
  const state = 'Nothing was written.';
  const next = `runback restore apply ${header.id} --confirm ${expected}`;
  if (confirmed === undefined)
    throw new RunbackError('confirmation-missing', `Plan ${header.id} needs a confirmation before it is applied`, {
      state,
      next,
      data: { expected },
    });
  throw new RunbackError('confirmation-wrong', `The confirmation does not match plan ${header.id}`, {
    why: `It must name the environment and the number of records: ${expected}.`,
    state,
    next: `Look at the plan again (runback restore show ${header.id}); if it is what you mean: ${next}`,
    data: { expected },
  });
}

function* prepend(first: string, spool: LineSpool): Iterable<string> {
  yield first;
  yield* spool.readTexts();
}

async function* readTogether(batches: AsyncIterable<readonly string[]>, over?: Over): AsyncIterable<readonly PlanLine[]> {
  let first = true;
  for await (const lines of batches) {
    yield [...changesIn(first ? lines.slice(1) : lines, over)];
    first = false;
  }
}

/** The same line by line: whoever needs the first ones alone makes no others. */
async function* readLines(batches: AsyncIterable<readonly string[]>, over?: Over): AsyncIterable<PlanLine> {
  let first = true;
  for await (const lines of batches) {
    yield* changesIn(first ? lines.slice(1) : lines, over);
    first = false;
  }
}

type Over = (n: number) => boolean;

/** The lines but those of changes that are over, each made a value when it is asked for. */
function* changesIn(lines: readonly string[], over: Over | undefined): Iterable<PlanLine> {
  for (const line of lines) {
    const n = over === undefined ? undefined : plainChangeOf(line);
    if (n === undefined || over?.(n) !== true) yield JSON.parse(line) as PlanLine;
  }
}

function parseHeader(id: string, line: string | undefined): PlanHeader {
  try {
    const header = JSON.parse(line ?? '') as PlanHeader;
    if (header.version === 1 && header.id === id && typeof header.digest === 'string') return header;
  } catch (error) {
    if (isRunbackError(error)) throw error;
  }
  throw tampered(id, 'its first line');
}

function tampered(id: string, where: string): RunbackError {
  return new RunbackError('plan-tampered', `Plan ${id} is not what runback wrote`, {
    why: `Its content does not match its digest (${where}). A plan is never edited: a decision makes a new one.`,
    state: 'Nothing was written.',
    next: 'Make a new plan: runback restore plan',
  });
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`;
}
