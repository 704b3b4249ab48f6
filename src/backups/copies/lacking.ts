import { type CallOptions, isRunbackError, type RunbackError } from '../../lib/index.js';
import type { SnapshotSummary } from '../../snapshots/index.js';
import { factsFor } from '../prune/facts.js';
import { judge } from '../retention/judge.js';
import type { CopyLacks } from '../retention/types.js';
import { type CopyDeps, jobsOfCopy, type KeptCopy, planCopy } from './round.js';

/**
 * By id, the copies that a snapshot is not to be deleted before: those that are required, would keep it by their rules, and do
 * not have it, or have it damaged. Of one that cannot be asked, whatever its rules would keep counts. What nobody can vouch for is
 * copied nowhere, and so is not waited for.
 */
export async function lackingIn(deps: CopyDeps, copies: readonly KeptCopy[], call: CallOptions): Promise<ReadonlyMap<string, readonly CopyLacks[]>> {
  const lacking = new Map<string, CopyLacks[]>();
  const add = (id: string, lack: CopyLacks): void => void lacking.set(id, [...(lacking.get(id) ?? []), lack]);
  for (const copy of copies) {
    if (copy.required === false) continue;
    try {
      const { wanted, broken } = await planCopy(deps, copy, call);
      for (const { snapshot } of wanted) add(snapshot.id, { kind: 'copy', copy: copy.name, lacks: 'missing' });
      for (const id of broken) add(id, { kind: 'copy', copy: copy.name, lacks: 'damaged' });
    } catch (error) {
      if (!isRunbackError(error) || call.signal?.aborted === true) throw error;
      for (const id of await keptBy(deps, copy)) add(id, { kind: 'copy', copy: copy.name, lacks: 'unknown', why: wordsOf(error) });
    }
  }
  return lacking;
}

/** What the rules of a copy would keep of what is here: at least all that they would with what is there. */
async function keptBy(deps: CopyDeps, copy: KeptCopy): Promise<readonly string[]> {
  const { snapshots } = await deps.catalog.survey();
  const { facts } = await factsFor({ ...deps, jobs: jobsOfCopy(deps.jobs, copy) }, snapshots, []);
  const sound = new Set(snapshots.filter(isSound).map(({ id }) => id));
  return judge(facts).flatMap(({ id, stays }) => (stays && sound.has(id) ? [id] : []));
}

const isSound = ({ damaged, record }: SnapshotSummary): boolean => damaged === undefined && record !== undefined;

const wordsOf = ({ message, why }: RunbackError): string => `${message}${why === undefined ? '' : `: ${why}`}`;
