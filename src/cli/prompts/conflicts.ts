import type { ConflictChoice, PlanConflict } from '../../restores/index.js';
import { choiceNames, CONFLICT_WORDS, conflictText } from '../views/restores/conflict.js';
import { isConflict } from '../views/restores/plan.js';
import { type Looks, recordText } from '../views/restores/record.js';
import { count } from '../views/text/format.js';
import { visible } from '../views/text/visible.js';
import type { Choice } from './asker.js';
import type { OpenPlan, OperatorDeps } from './operator-deps.js';
import { looksOf } from './plan-browser.js';

type Decision = ConflictChoice | 'keep-all' | 'restore-all' | 'enough';
type ConflictDeps = Pick<OperatorDeps, 'asker' | 'style' | 'print' | 'decide'>;

/**
 * Goes through the conflicts of a plan one by one, saying what each choice does; "all of this kind" decides the rest
 * with the same code. Gives the id of the new plan, or undefined where nothing was decided to be restored.
 */
export async function decideConflictsByHand(plan: OpenPlan, { asker, style, print, decide }: ConflictDeps): Promise<string | undefined> {
  const decided: Record<string, ConflictChoice> = {};
  const standing = new Map<PlanConflict['code'], ConflictChoice>();
  const { counts } = plan.summary.header;
  // What runback cannot put right offers no choice: the head of the plan tells how it is done by hand.
  const byHand = (counts.byHand ?? []).reduce((sum, { records }) => sum + records, 0);
  const total = Object.values(counts.conflicts).reduce((sum, n) => sum + n, 0) - byHand;
  let place = 0;
  for await (const conflict of plan.lines()) {
    if (!isConflict(conflict) || conflict.byHand !== undefined) continue;
    place += 1;
    const choice = standing.get(conflict.code);
    if (choice !== undefined && conflict.choices[choice] !== undefined) {
      decided[conflict.id] = choice;
      continue;
    }
    const looks = await looksOf(plan, [conflict]);
    print(`\n${style.chalk.bold(`Conflict ${count(place)} of ${count(total)}`)}\n${conflictText(conflict, style, looks)}`);
    const possible = (['keep', 'restore'] as const).filter((name) => conflict.choices[name] !== undefined);
    if (possible.length === 0) {
      print('  Nothing can be done about it here: it stays as it is.');
      continue;
    }
    const answer = await asker.choose<Decision>({ message: 'What should be done?', choices: choicesOf(conflict, possible, looks) });
    if (answer === 'enough') break;
    const made = answer === 'keep-all' ? 'keep' : answer === 'restore-all' ? 'restore' : answer;
    if (answer !== made) standing.set(conflict.code, made);
    decided[conflict.id] = made;
  }
  const restored = Object.values(decided).filter((choice) => choice === 'restore').length;
  if (Object.keys(decided).length === 0) return undefined;
  print(`  ${count(restored)} to put back, ${count(Object.keys(decided).length - restored)} to keep.`);
  return (await decide(plan.summary.header.id, decided)).header.id;
}

function choicesOf(conflict: PlanConflict, possible: readonly ConflictChoice[], looks: Looks): Choice<Decision>[] {
  const names = choiceNames(conflict, recordText(conflict.object, conflict.key, looks));
  const general = choiceNames(conflict, 'each');
  const beside = (name: ConflictChoice): { beside?: string } => {
    const words = conflict.choices[name];
    return words === undefined ? {} : { beside: visible(words) };
  };
  return [
    ...possible.map((name): Choice<Decision> => ({ value: name, name: names[name], ...beside(name) })),
    ...possible.map((name): Choice<Decision> => ({
      value: `${name}-all`,
      name: `${general[name]}: all others of this kind`,
      beside: `${conflict.code}: ${CONFLICT_WORDS[conflict.code]}`,
    })),
    { value: 'enough', name: 'Enough', beside: 'what was not decided stays as it is on the platform' },
  ];
}
