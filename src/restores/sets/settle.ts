import { type CallOptions, RunbackError } from '../../lib/index.js';
import { type FieldSchema, ownValue, parseRecordLine, type PlatformRecord, type Value } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { decideConflicts } from '../plan/decide-conflicts.js';
import type { RestoreDeps } from '../plan/plan.js';
import { readPlan } from '../records/plan-file.js';
import { schemaOf } from '../records/platform-items.js';
import type { ConflictChoice, Plan } from '../types.js';
import { type AlignedCell, alignPlan } from './align.js';
import { type Compared, compareSet, MOST_NAMED, type SetSync } from './compare-set.js';
import { recordsIn } from './rows.js';
import { formFor, sameAcross } from './same-across.js';
import { DIFFERENCE_CODES, type DifferenceChoice, type DifferingSide, type SetDifference, type SettledDifference } from './types.js';

/** What plans are held against each other with. */
export interface SettleRequest {
  readonly base: SnapshotReader;
  /** The state of all platforms that the plans are held against. */
  readonly now: SnapshotReader;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly syncs: readonly SetSync[];
  /** What a person decided, by id or code of a difference; an id goes before its code. */
  readonly choices: Readonly<Record<string, DifferenceChoice>>;
  readonly by: string;
  readonly depsOf: (platform: string) => RestoreDeps;
}

/** Plans after every difference that may be settled was, and what is left. */
export interface Settled extends Compared {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly settled: readonly SettledDifference[];
  readonly settledCount: number;
}

/**
 * Makes both sides agree where that is decided: by a person, or by the `authority` of a field. By authority alone only a
 * value that a plan writes anyway is replaced, and never by one that may be the damage. What a side has to hold instead is
 * written by its plan: a new one, which names the one before. Everything else stays a difference, and is named.
 *
 * Throws `not-found` for a choice that fits no difference, `usage` for one that a difference does not offer.
 */
export async function settle(request: SettleRequest, options: CallOptions): Promise<Settled> {
  const { choices } = request;
  let plans = request.plans;
  let compared = await compare(request, plans, options);
  checkChoices(choices, compared.all);
  const settled: SettledDifference[] = [];
  const restored = decidedConflicts(compared.all, choices, settled);
  if (restored.size > 0) {
    const next = new Map(plans);
    for (const [platform, made] of restored) {
      const deps = request.depsOf(platform);
      const { header } = await decideConflicts(planOf(plans, platform).header.id, made, request.by, deps);
      next.set(platform, await readPlan(deps.store, header.id));
    }
    plans = next;
    compared = await compare(request, plans, options);
  }
  const cells = new Map<string, AlignedCell[]>();
  for (const difference of compared.all) {
    const decision = await decisionOn(difference, request);
    const cell = decision === undefined ? undefined : await cellFor(difference, decision.takes, plans, request.now);
    if (decision === undefined) continue;
    if (typeof cell !== 'object') {
      if (decision.decidedBy === 'person' && choices[difference.id] !== undefined) throw notOffered(difference, decision.takes, cell);
      continue;
    }
    settled.push({ ...difference, ...decision });
    cells.set(cell.platform, [...(cells.get(cell.platform) ?? []), cell.cell]);
  }
  if (cells.size > 0) {
    const next = new Map(plans);
    for (const [platform, some] of cells) {
      const deps = request.depsOf(platform);
      const { header } = await alignPlan(planOf(plans, platform), some, request.by, deps);
      next.set(platform, await readPlan(deps.store, header.id));
    }
    plans = next;
    compared = await compare(request, plans, options);
  }
  const open = new Set(compared.all.map(({ id }) => id));
  const stands = settled.filter(({ id }) => !open.has(id));
  return { ...compared, plans, settled: stands.slice(0, MOST_NAMED), settledCount: stands.length };
}

async function compare({ base, now, syncs }: SettleRequest, plans: ReadonlyMap<string, Plan>, options: CallOptions): Promise<Compared> {
  const records = (platform: string, object: string): AsyncIterable<PlatformRecord> | string =>
    now.manifest.objects.some((info) => info.platform === platform && info.object === object)
      ? recordsIn(now, platform, object, options)
      : `${platform}/${object} could not be read`;
  return await compareSet({ syncs, plans, base, records, planned: true }, options);
}

function checkChoices(choices: SettleRequest['choices'], all: readonly SetDifference[]): void {
  const ids = new Map(all.map((one) => [one.id, one]));
  for (const [name, choice] of Object.entries(choices)) {
    const isCode = (DIFFERENCE_CODES as readonly string[]).includes(name);
    const found = ids.get(name);
    if (!isCode && found === undefined)
      throw new RunbackError('not-found', `There is no difference ${name}`, { state: 'The set is unchanged.', next: 'runback restore show <set>' });
    if (found !== undefined && !['keep', 'restore', ...found.sides.map(({ platform }) => platform)].includes(choice))
      throw notOffered(found, choice, undefined);
  }
}

/** The conflicts of each plan that are to be decided as `restore`, by platform. */
function decidedConflicts(
  all: readonly SetDifference[],
  choices: SettleRequest['choices'],
  settled: SettledDifference[],
): ReadonlyMap<string, Record<string, ConflictChoice>> {
  const made = new Map<string, Record<string, ConflictChoice>>();
  for (const difference of all) {
    if ((choices[difference.id] ?? choices[difference.code]) !== 'restore') continue;
    const offered = difference.sides.filter(({ conflictId }) => conflictId !== undefined);
    if (offered.length === 0 && choices[difference.id] !== undefined) throw notOffered(difference, 'restore', undefined);
    for (const { platform, conflictId } of offered) made.set(platform, { ...made.get(platform), [conflictId ?? '']: 'restore' });
    if (offered.length > 0) settled.push({ ...difference, decidedBy: 'person', takes: 'restore' });
  }
  return made;
}

/** Whose value both sides get; undefined where nobody decided. */
async function decisionOn(
  difference: SetDifference,
  { choices, base }: SettleRequest,
): Promise<Pick<SettledDifference, 'decidedBy' | 'takes'> | undefined> {
  const choice = choices[difference.id] ?? choices[difference.code];
  if (choice === 'keep' || choice === 'restore') return undefined;
  if (choice !== undefined) return difference.sides.some(({ platform }) => platform === choice) ? { decidedBy: 'person', takes: choice } : undefined;
  const from = difference.sides.find(({ platform }) => platform === difference.authority);
  const to = difference.sides.find(({ platform }) => platform !== difference.authority);
  if (from === undefined || to?.plan !== 'written') return undefined;
  return (await isRightful(from, base)) ? { decidedBy: 'authority', takes: from.platform } : undefined;
}

/** Whether a value that a side will hold is none of the damage: put back, edited by someone since, or as it is in the set. */
async function isRightful({ platform, object, key, field, value, plan, conflict }: DifferingSide, base: SnapshotReader): Promise<boolean> {
  if (plan === 'written') return true;
  if (plan === 'left') return conflict === 'edited-since';
  const before = key === undefined || field === undefined ? undefined : (await recordIn(base, platform, object, key))?.fields;
  return before !== undefined && sameAcross(ownValue(before, field ?? ''), TEXT, value, TEXT);
}

const TEXT = { type: 'string', platformType: '' } as const;

/** What a plan has to write so that its side holds the value of the other one; why it cannot, where it cannot. */
async function cellFor(
  { sides }: SetDifference,
  takes: string,
  plans: ReadonlyMap<string, Plan>,
  now: SnapshotReader,
): Promise<{ readonly platform: string; readonly cell: AlignedCell } | string> {
  const from = sides.find(({ platform }) => platform === takes);
  const to = sides.find(({ platform }) => platform !== takes);
  if (from === undefined || to?.key === undefined || to.field === undefined || from.key === undefined)
    return 'One side has no such record, and a record is not made from another system.';
  const { platform, object, key, field } = to;
  const schema = schemaOf(planOf(plans, platform).schema, object).fields.find(({ name }) => name === field);
  const value = schema === undefined || !isPlain(schema) ? undefined : formFor(from.value, schema);
  if (value === undefined) return `${platform}/${object} cannot take that value in ${field}, or not in a form that is certain.`;
  const live = ownValue((await recordIn(now, platform, object, key))?.fields ?? {}, field);
  const why = `${takes} holds this value, and the two sides are to agree`;
  return {
    platform,
    cell: {
      object,
      key,
      field,
      to: value satisfies Value,
      why,
      ...(live === undefined ? {} : { from: live }),
      ...(to.conflictId === undefined ? {} : { conflictId: to.conflictId }),
    },
  };
}

/** A field that may be written by itself. Consent is given by people only. */
function isPlain({ readOnly, viaLink, optedOut, guarded, forwardOnly }: FieldSchema): boolean {
  return !readOnly && viaLink === undefined && optedOut === undefined && guarded === undefined && forwardOnly !== true;
}

async function recordIn(reader: SnapshotReader, platform: string, object: string, key: string): Promise<PlatformRecord | undefined> {
  const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
  const line = info === undefined ? undefined : await reader.line(info, key);
  return line === undefined ? undefined : parseRecordLine(line);
}

function planOf(plans: ReadonlyMap<string, Plan>, platform: string): Plan {
  const plan = plans.get(platform);
  if (plan === undefined) throw new RunbackError('bug', `The set has no plan for ${platform}`);
  return plan;
}

function notOffered({ id, sides }: SetDifference, choice: string, why: string | undefined): RunbackError {
  const offers = ['keep', ...(sides.some(({ conflictId }) => conflictId !== undefined) ? ['restore'] : []), ...sides.map(({ platform }) => platform)];
  return new RunbackError('usage', `Difference ${id} cannot be decided as ${choice}`, {
    why: why ?? `It offers: ${offers.join(', ')}.`,
    state: 'The set is unchanged.',
    next: 'runback restore show <set>',
  });
}
