import { defined } from '../../lib/index.js';
import type { Answer, DecideChoice, Question } from '../../runbooks/index.js';
import { deletes, effectOf } from '../views/restores/plan-words.js';
import { counted } from '../views/text/format.js';
import { visible } from '../views/text/visible.js';
import type { Choice } from './asker.js';
import { decideConflictsByHand } from './conflicts.js';
import type { OpenPlan, OperatorDeps } from './operator-deps.js';
import { browsePlan, showPlan } from './plan-browser.js';

type DecideQuestion = Extract<Question, { kind: 'decide' }>;
type Way = DecideChoice | 'browse' | 'conflicts' | 'back';

/**
 * Asks for a decision, about a plan or about none, until it is taken: the plan can be looked through and its conflicts
 * decided before. `seen` hears of each plan that was shown.
 */
export async function askDecision(
  question: DecideQuestion,
  asked: string | undefined,
  deps: OperatorDeps,
  seen: (plan: OpenPlan) => void,
): Promise<Answer> {
  const { asker } = deps;
  let planId = asked;
  for (;;) {
    const plan = planId === undefined ? undefined : await deps.plan(planId);
    if (plan) {
      seen(plan);
      await showPlan(plan, deps);
    }
    const choices = choicesOf(question, plan);
    const careful = carefulOf(question, plan);
    const chosen = await asker.choose<Way>({ message: question.title, choices, ...defined({ default: careful }) });
    if (chosen === 'back') return { value: 'back', back: true };
    if (chosen === 'browse') {
      if (plan) await browsePlan(plan, deps);
    } else if (chosen === 'conflicts') {
      if (plan) planId = (await decideConflictsByHand(plan, deps)) ?? planId;
    } else return { value: chosen.value, ...(planId === undefined || planId === asked ? {} : { plan: planId }) };
  }
}

function choicesOf(question: DecideQuestion, plan: OpenPlan | undefined): readonly Choice<Way>[] {
  const conflicts = plan === undefined ? 0 : Object.values(plan.summary.header.counts.conflicts).reduce((sum, n) => sum + n, 0);
  const look: Choice<Way> = { value: 'browse', name: 'Look at the changes first', beside: 'search and page through all of them' };
  const settle: Choice<Way> = {
    value: 'conflicts',
    name: `Decide the ${counted(conflicts, 'conflicts')} one by one`,
    beside: 'what you do not decide stays as it is',
  };
  return [
    ...question.choices.map((choice): Choice<Way> => ({ value: choice, name: visible(choice.value), beside: effectWords(choice, plan) })),
    ...(plan ? [look] : []),
    ...(conflicts > 0 ? [settle] : []),
    ...backChoice(question),
  ];
}

/** The way back to an earlier decision, where the question has one. */
export function backChoice({ back }: Question): readonly Choice<'back'>[] {
  return back === undefined ? [] : [{ value: 'back', name: `Back to "${visible(back.title)}"`, beside: 'decide that again' }];
}

/** Where going on would delete something, the cursor stands on what leaves it: going on without it, else stopping. */
function carefulOf({ choices }: DecideQuestion, plan: OpenPlan | undefined): Way | undefined {
  if (plan === undefined || !deletes(plan.summary.header) || !choices.some(({ applies }) => applies)) return undefined;
  return choices.find(({ leads }) => leads?.back === false) ?? choices.find(({ effect }) => effect === 'stop') ?? 'browse';
}

function effectWords({ effect, leads, ask, applies }: DecideChoice, plan: OpenPlan | undefined): string {
  if (effect === 'continue') return applies && plan ? `${effectOf(plan.summary.header)}, after one more question` : 'continue with the next step';
  if (effect === 'stop') return 'the run can be resumed or undone';
  if (effect === 'undo') return 'undo what the run has done';
  const first = ask === undefined ? '' : 'say what belongs to it, then ';
  return `${first}${leads?.back === false ? 'on' : 'back'} to "${visible(leads?.title ?? effect)}"`;
}
