import type { Store } from '../store/index.js';
import type { DrillResult } from './result.js';

/** What the newest run of each drill of a runbook showed; a drill that is built to fail shows nothing of a runbook. */
interface ProofDocument {
  readonly version: 1;
  readonly runbook: string;
  readonly drills: Readonly<Record<string, Shown>>;
}

interface Shown {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly passed: boolean;
  /** SHA-256 of the runbook's text. */
  readonly digest: string;
}

/** Whether drills have shown that a runbook works. `at`: ISO 8601, UTC. */
export type Proof = { readonly state: 'never' } | { readonly state: 'proven' | 'changed' | 'failed'; readonly at: string; readonly drill: string };

const KIND = 'drill-proofs';

/** Notes what a drill showed of its runbook. */
export async function noteProof(store: Store, { drill, runbook, startedAt, checks, mustFail, ...result }: DrillResult): Promise<void> {
  if (mustFail !== undefined) return;
  // That nobody answered says nothing of the runbook.
  const wrong = checks.filter((check) => !check.passed);
  const passed = result.passed || (wrong.length > 0 && wrong.every(({ name }) => name === 'answered'));
  const shown = { at: startedAt, passed, digest: runbook.digest };
  await store
    .document<ProofDocument>(KIND, runbook.id)
    .update((current) => ({ version: 1, runbook: runbook.id, drills: { ...current?.drills, [drill]: shown } }));
}

/**
 * What drills have shown of a runbook whose text has this digest: a drill that failed the last time comes before one
 * that passed, and one that passed with another text proves nothing of this one. Throws `document-damaged`.
 */
export async function proofOf(store: Store, runbook: { readonly id: string; readonly digest: string }): Promise<Proof> {
  const document = await store.document<ProofDocument>(KIND, runbook.id).read();
  const shown = Object.entries(document?.drills ?? {}).sort(([, a], [, b]) => (a.at < b.at ? 1 : -1));
  const failed = shown.find(([, { passed }]) => !passed);
  if (failed !== undefined) return { state: 'failed', at: failed[1].at, drill: failed[0] };
  const same = shown.find(([, { digest }]) => digest === runbook.digest);
  if (same !== undefined) return { state: 'proven', at: same[1].at, drill: same[0] };
  const [other] = shown;
  return other === undefined ? { state: 'never' } : { state: 'changed', at: other[1].at, drill: other[0] };
}
