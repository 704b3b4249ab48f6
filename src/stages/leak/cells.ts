import { RunbackError } from '../../lib/index.js';
import type { StagedAccount } from '../account.js';
import { MARKER_LENGTH, takesAnything } from './marker.js';

/** A value of a record. */
export interface Cell {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  /** What stands there; undefined where nothing does. */
  readonly was: string | undefined;
}

/** Which texts are marked: the first that can be; one of each object type; or these fields, each of some record. */
export type Choice = 'first' | 'each' | readonly { readonly object: string; readonly field: string }[];

/** Cells of which one is to be marked, in the order in which they are tried. */
export interface Candidates {
  readonly cells: AsyncIterable<Cell>;
  /** It was asked for by name: where it cannot be marked, that is no other's turn. */
  readonly named?: { readonly object: string; readonly field: string };
}

/** What is to be marked, one cell of each. */
export function candidatesOf(account: StagedAccount, choice: Choice): readonly Candidates[] {
  if (choice === 'first') return [{ cells: all(account) }];
  if (choice === 'each') return account.objects.map((object) => ({ cells: markable(account, object) }));
  return choice.map((named) => ({ named, cells: cellOf(account, named) }));
}

async function* all(account: StagedAccount): AsyncGenerator<Cell> {
  for (const object of account.objects) yield* markable(account, object);
}

/** Texts of the first record of an object type. */
async function* markable(account: StagedAccount, object: string): AsyncGenerator<Cell> {
  const fields = account.fields(object).filter(takesAnything);
  if (fields.length === 0) return;
  const record = (await account.records(object))[0];
  if (record === undefined) return;
  const { key, values } = record;
  for (const { name } of fields) {
    const was = values[name];
    // What the key is made of stays.
    if (was === undefined || was === '' || !key.includes(was)) yield { object, key, field: name, was };
  }
}

async function* cellOf(account: StagedAccount, { object, field }: { readonly object: string; readonly field: string }): AsyncGenerator<Cell> {
  const schema = account.fields(object).find(({ name }) => name === field);
  const record = (await account.records(object))[0];
  if (schema === undefined || !takesAnything(schema) || record === undefined)
    throw new RunbackError('usage', `${object}.${field} cannot be marked`, {
      why:
        record === undefined
          ? `There are no ${object} there.`
          : `It is to be a text of ${MARKER_LENGTH} characters and more that takes any value, is not unique, and that nothing else hangs on.`,
      state: 'It holds what it held.',
      next: 'Name another field under leak.mark of parity.yml, or none.',
    });
  yield { object, key: record.key, field, was: record.values[field] };
}
