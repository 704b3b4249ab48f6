import { type CallOptions, compileExpression, RunbackError } from '../../lib/index.js';
import { LISTED } from '../descriptions/check.js';
import type { ControllerDescription } from '../descriptions/form.js';
import type { Port } from './port.js';

/** A sync that a tool has, as `runback init` offers it. */
export interface FoundSync {
  readonly id: string;
  /** As people call it. */
  readonly title: string;
  readonly runs: boolean;
}

/**
 * Asks a tool for all syncs that it has; changes nothing. Throws `usage` for one that cannot be asked, `sync-failed` for an answer that
 * does not fit the description, and what the requests throw.
 */
export async function listedBy(
  { name, says, port }: { readonly name: string; readonly says: ControllerDescription; readonly port: Port },
  options?: CallOptions,
): Promise<readonly FoundSync[]> {
  const { list } = says;
  if (list === undefined) throw new RunbackError('usage', `${says.name} cannot be asked what it has`, { state: 'Nothing was requested.' });
  const { where, id, title, runs, ...call } = list;
  const wanted = compileExpression(where ?? 'true', LISTED);
  const compiled = [id, title, runs].map((source) => compileExpression(source, LISTED));
  const given = Object.fromEntries(Object.entries(says.optional).map(([key, one]) => [key, one.default]));
  const all = await port.read(call, given, options);
  return (Array.isArray(all) ? (all as unknown[]) : []).flatMap((one): FoundSync[] => {
    // What is no sync may lack what syncs have.
    if (wanted.evaluate({ one }) !== true) return [];
    const [key, called, running] = compiled.map((expression) => expression.evaluate({ one }));
    if (typeof key !== 'string' || key === '' || typeof called !== 'string' || typeof running !== 'boolean')
      throw new RunbackError('sync-failed', `${name} did not answer as expected`, {
        why: 'One of its list has no id, no title, or does not say whether it runs.',
        state: 'Nothing was changed.',
      });
    return [{ id: key, title: called, runs: running }];
  });
}
