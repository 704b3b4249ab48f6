import { counted } from '../../lib/index.js';
import type { EffectRecord, RunRecord, StepRecord } from './run-record.js';

/** Whether what a run wrote has been proved right since. */
export interface Verification {
  /** Why it is not, in words; absent where it is. */
  readonly missing?: string;
  /** Plans that were found to be on the platform as they say. */
  readonly plans: readonly string[];
}

/** A step of the run that found everything of a plan on the platform. */
interface Proof {
  readonly plan: string;
  readonly order: number;
}

const WRITES = ['restore.apply', 'restore.undo'];

/**
 * Judges from the journal alone whether syncs may start again (guarantee G12). Every write counts, also one that failed
 * half-way or whose answer was lost, and whatever became of its step afterwards. It is verified by a later proof of the
 * same plan, or of a plan that the same step made after it: that one was compared with the platform as the write had
 * left it.
 */
export function verificationOf(run: RunRecord): Verification {
  const looks = [...run.steps.values()].filter((step) => step.action === 'restore.verify' && step.state === 'succeeded');
  const plans = looks.flatMap(({ outputs }) => (isClean(outputs) ? [String(outputs['plan'])] : []));
  if (looks.length === 0) return { missing: 'No step of this run has verified a restore.', plans };
  const latest = looks.reduce((a, b) => (orderOf(run, b) > orderOf(run, a) ? b : a));
  if (!isClean(latest.outputs)) {
    const remaining = latest.outputs['remaining'];
    const found = typeof remaining === 'number' ? `found ${counted(remaining, 'changes')} not as the plan says` : 'does not say what it found';
    return { missing: `The verification (step ${latest.id}) ${found}.`, plans };
  }
  const proofs = looks.flatMap((step): Proof[] => (isClean(step.outputs) ? [{ plan: String(step.outputs['plan']), order: orderOf(run, step) }] : []));
  for (const effect of run.effects.values()) {
    if (!WRITES.includes(effect.intent.action ?? '') || effect.state === 'none') continue;
    if (proofs.some((proof) => proves(run, proof, effect))) continue;
    return {
      missing: `Step ${effect.step} ${effect.state === 'done' ? 'wrote' : 'may have written'} after the verification (step ${latest.id}).`,
      plans,
    };
  }
  return { plans };
}

function proves(run: RunRecord, proof: Proof, effect: EffectRecord): boolean {
  if (proof.order <= effect.order) return false;
  const { plan } = effect.intent.inputs;
  if (typeof plan !== 'string' || plan === proof.plan) return true;
  const [written, proved] = [run.plans.get(plan), run.plans.get(proof.plan)];
  return written !== undefined && proved !== undefined && written.step === proved.step && proved.order > effect.order;
}

function isClean(outputs: Readonly<Record<string, unknown>>): boolean {
  return outputs['remaining'] === 0 && typeof outputs['plan'] === 'string';
}

/** When a step was begun: what was written later, it has not seen. */
function orderOf(run: RunRecord, { intent }: StepRecord): number {
  return intent === undefined ? 0 : (run.effects.get(run.effectOf.get(intent.key) ?? -1)?.order ?? intent.seq);
}
