import { counted, RunbackError } from '../../lib/index.js';
import type { Capabilities, CreatedLookup, CreateMutation, Mutation, MutationResult } from '../connector.js';
import { broken, READ_ONLY } from './broken.js';

/**
 * What callers owe to `write`: one action, one object type or kind of link, no more than the platform takes at once.
 * Throws `bug`.
 */
export function checkBatch(kind: string, { batch }: Pick<Capabilities, 'batch'>, mutations: readonly Mutation[]): void {
  const [first] = mutations;
  if (first === undefined) return;
  const wrong = (why: string): RunbackError =>
    new RunbackError('bug', `A batch for ${kind} was put together wrongly: ${why}`, { state: 'Nothing of it was sent.' });
  if (mutations.some((mutation) => mutation.action !== first.action || targetOf(mutation) !== targetOf(first)))
    throw wrong('it holds more than one action or kind of record');
  const most = batch[first.action];
  if (mutations.length > most) throw wrong(`${counted(mutations.length, 'changes')}, and the platform takes ${String(most)} at once`);
}

function targetOf(mutation: Mutation): string {
  return 'link' in mutation ? `${mutation.link.from} ${mutation.link.kind} ${mutation.link.to}` : mutation.schema.object;
}

/** What can be trusted of what a driver says of a write. */
export interface Trusted {
  /** One a mutation, in their order. */
  readonly results: readonly MutationResult[];
  /** What is wrong with what the driver said; absent where nothing is. */
  readonly fault?: string;
}

/**
 * Holds the results of a write against its mutations. What has been written cannot be undone by an error: results that
 * cannot be trusted become `in_doubt`, so that callers look; those that name their record themselves are kept.
 */
export function trusted(kind: string, mutations: readonly Mutation[], told: readonly MutationResult[]): Trusted {
  const fault = faultOf(mutations, told);
  if (fault === undefined) return { results: told };
  const inPlace = told.length === mutations.length && !isMixedUp(mutations, told);
  const named = onlyOnes(told.flatMap((result) => (isSound(result) && result.status === 'applied' ? [[result.key, result] as const] : [])));
  const asked = onlyOnes(mutations.flatMap((mutation) => (hasKey(mutation) ? [[mutation.key, mutation] as const] : [])));
  const made = mutations[0]?.action === 'create' ? [...new Set(told.flatMap(keyOf))] : [];
  const message = `The connector ${kind} is at fault: ${fault}${made.length > 0 ? `. Records that it says it made: ${made.join(', ')}` : ''}`;
  const results = mutations.map((mutation, index): MutationResult => {
    const own = hasKey(mutation) && asked.get(mutation.key) === mutation ? named.get(mutation.key) : undefined;
    if (own !== undefined) return own;
    const there = inPlace ? told[index] : undefined;
    const keep = there !== undefined && isSound(there) && (there.status !== 'applied' || isOfItself(mutation, there.key, named));
    return keep ? there : { status: 'in_doubt', message };
  });
  return { results, fault };
}

/** Whether an applied result at the place of a mutation that its key does not name can be believed. */
function isOfItself(mutation: Mutation, key: string, named: ReadonlyMap<string, MutationResult>): boolean {
  if (mutation.action === 'create') return named.has(key) && (key !== '' || mutation.schema.createWithKey);
  return !hasKey(mutation);
}

function faultOf(mutations: readonly Mutation[], told: readonly MutationResult[]): string | undefined {
  if (!Array.isArray(told)) return 'it reported nothing about what it wrote';
  if (told.length !== mutations.length) return `it reported ${counted(told.length, 'changes')}, but ${String(mutations.length)} were requested`;
  const created = new Set<string>();
  for (const [index, result] of told.entries()) {
    const mutation = mutations[index];
    if (!isSound(result)) return `what it reported for change ${String(index + 1)} is not a result`;
    if (result.status !== 'applied' || mutation === undefined) continue;
    if (hasKey(mutation) && result.key !== mutation.key)
      return `change ${String(index + 1)} was for record ${mutation.key}, but it reported record ${result.key}`;
    if (mutation.action !== 'create') continue;
    // The empty text is a key like any other, where whoever creates a record says its key.
    if (result.key === '' && !mutation.schema.createWithKey) return 'it reported a new record without its key';
    if (created.has(result.key)) return `it reported two new records under one key, ${result.key}`;
    created.add(result.key);
  }
  return undefined;
}

const STATUSES: ReadonlySet<string> = new Set<MutationResult['status']>(['applied', 'moved', 'rejected', 'failed', 'in_doubt']);

/** Whether it is a result at all, as far as callers rely on it. */
function isSound(result: MutationResult | undefined): result is MutationResult {
  if (typeof result !== 'object' || result === null || !STATUSES.has(result.status)) return false;
  return result.status !== 'applied' || typeof result.key === 'string';
}

/** Whether a result stands at the place of another mutation: then no place tells anything. */
function isMixedUp(mutations: readonly Mutation[], told: readonly MutationResult[]): boolean {
  const keys = new Set(mutations.filter(hasKey).map(({ key }) => key));
  return told.some((result, index) => {
    const mutation = mutations[index];
    return mutation !== undefined && hasKey(mutation) && keyOf(result).some((key) => key !== mutation.key && keys.has(key));
  });
}

/** Mutations that name the record whose key their result has. */
function hasKey(mutation: Mutation): mutation is Exclude<Mutation, CreateMutation> & { readonly key: string } {
  return 'key' in mutation && mutation.action !== 'create';
}

function keyOf(result: MutationResult | undefined): readonly string[] {
  return isSound(result) && result.status === 'applied' ? [result.key] : [];
}

/** Entries whose name comes once. */
function onlyOnes<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  const only = new Map<string, T>();
  const repeated = new Set<string>();
  for (const [name, value] of entries) {
    if (only.has(name)) repeated.add(name);
    only.set(name, value);
  }
  for (const name of repeated) only.delete(name);
  return only;
}

/**
 * One entry a mutation; a record that is there has a key, and is the work of one of them. Throws `connector-broken`.
 */
export function checkLookup(kind: string, mutations: readonly CreateMutation[], found: readonly CreatedLookup[]): void {
  const fail = (instead: string): Error => broken(kind, 'it tells of each record whether it was made', instead, READ_ONLY);
  if (found.length !== mutations.length) throw fail(`It reported ${String(found.length)}, but was asked for ${String(mutations.length)}`);
  const keys = new Set<string>();
  for (const entry of found) {
    if (entry.state === 'absent' || entry.state === 'unknown') continue;
    if (entry.state !== 'created' || typeof entry.key !== 'string') throw fail('It reported one without its key');
    if (keys.has(entry.key)) throw fail(`It took record ${entry.key} for two of them`);
    keys.add(entry.key);
  }
}
