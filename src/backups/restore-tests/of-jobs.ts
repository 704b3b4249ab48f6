import { byAge, type RestoreProof, type SnapshotSummary } from '../../snapshots/index.js';

/** What the last restore test among the snapshots of a job came to, and of which one that was. */
export type JobProof = RestoreProof & { readonly snapshot: string };

/** By the name of the job: the proof of its newest snapshot that was tested. Pure. */
export function provenOf(snapshots: readonly SnapshotSummary[]): ReadonlyMap<string, JobProof> {
  const proofs = new Map<string, JobProof>();
  for (const { id, job, proof } of snapshots.toSorted(byAge))
    if (job !== undefined && proof !== undefined) proofs.set(job, { ...proof, snapshot: id });
  return proofs;
}
