import { RunbackError } from '../lib/index.js';
import type { Batch, CreateMutation, DeleteMutation, LinkMutation, Mutation, UndeleteMutation, UpdateMutation } from './connector.js';

/** A batch that is not empty, under the one action that all of it has: what a driver switches on. */
export type ByAction =
  | { readonly action: 'update'; readonly first: UpdateMutation; readonly mutations: readonly UpdateMutation[] }
  | { readonly action: 'create'; readonly first: CreateMutation; readonly mutations: readonly CreateMutation[] }
  | { readonly action: 'delete'; readonly first: DeleteMutation; readonly mutations: readonly DeleteMutation[] }
  | { readonly action: 'undelete'; readonly first: UndeleteMutation; readonly mutations: readonly UndeleteMutation[] }
  | { readonly action: 'link'; readonly first: LinkMutation; readonly mutations: readonly LinkMutation[] }
  | { readonly action: 'unlink'; readonly first: LinkMutation; readonly mutations: readonly LinkMutation[] };

/** What a batch does; undefined where it is empty. Throws `bug` where it holds more than one action. */
export function byAction(batch: Batch): ByAction | undefined {
  const mutations: readonly Mutation[] = batch;
  const [first] = mutations;
  if (first === undefined) return undefined;
  for (const mutation of mutations)
    if (mutation.action !== first.action)
      throw new RunbackError('bug', `A batch was put together wrongly: it holds ${first.action} and ${mutation.action}`, {
        state: 'Nothing of it was sent.',
      });
  // The action of the first is that of all: this is the one place that says so to the compiler.
  return { action: first.action, first, mutations } as ByAction;
}

/** Mutations as a batch. Throws `bug` where they have more than one action. */
export function batchOf(mutations: readonly Mutation[]): Batch {
  return byAction(mutations as Batch)?.mutations ?? [];
}
