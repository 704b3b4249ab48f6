import type { Answer, Question } from '../../runbooks/index.js';
import { visible } from '../views/text/visible.js';
import { wrap } from '../views/text/width.js';
import type { Choice } from './asker.js';
import type { OperatorDeps } from './operator-deps.js';

type ApproveQuestion = Extract<Question, { kind: 'approve' }>;
type Way = 'refuse' | 'back' | 'approve' | 'paste' | 'again';

/** The last line of a pasted approval. */
const LAST_LINE = /END RUNBACK APPROVAL/u;

/**
 * Asks for an approval once what is approved has been shown: in person, as a pasted block, or given meanwhile somewhere
 * else.
 */
export async function askApproval(question: ApproveQuestion, { asker, style, print }: OperatorDeps): Promise<Answer> {
  const say = (text: string): void => print(`  ${wrap(text, style.width - 2).join('\n  ')}`);
  const { policy } = question;
  say(`This needs someone with the authority "${visible(question.authority)}". The approval is valid for ${visible(question.of)} only.`);
  const stop: Choice<Way> = { value: 'refuse', name: question.back ? 'Stop here' : 'No', beside: 'the run stops and can be resumed' };
  // Whoever says no to a plan wants another one: that is decided where the plan was looked at.
  const back = question.back && {
    value: 'back' as const,
    name: 'No',
    beside: `back to "${visible(question.back.title)}", to narrow the plan or leave it`,
  };
  const yes: Choice<Way> = { value: 'approve', name: 'Yes, I approve', beside: 'goes into the journal under your name, unauthenticated' };
  const [no, ...last]: [Choice<Way>, ...Choice<Way>[]] = back ? [back, stop] : [stop];
  if (policy === undefined) return answerOf(await asker.choose({ message: 'Approve?', choices: [no, yes, ...last] }));
  if (policy.needed > 1) say(`${policy.given.length} of ${policy.needed} approvals received.`);
  for (const given of policy.given) say(`Approved: ${visible(given)}`);
  for (const refused of policy.refused) say(`Does not count: ${visible(refused)}`);
  if (policy.from.length > 0) say(`Can be approved by: ${policy.from.map((one) => visible(`${one.name} (${one.person})`)).join(', ')}`);
  say('Someone elsewhere types, in this workspace or in their own:');
  print(`    ${policy.command}`);
  const way = await asker.choose<Way>({
    message: 'Approve?',
    choices: [
      no,
      ...(policy.inPerson && policy.from.length > 0 ? [yes] : []),
      { value: 'paste', name: 'Paste a signed approval', beside: 'what that command printed' },
      { value: 'again', name: 'Check again', beside: 'see whether an approval has arrived' },
      ...last,
    ],
  });
  if (way === 'paste') {
    const block = await asker.paste({
      message: 'Paste it here, from its BEGIN line to its END line (two empty lines cancel):',
      last: LAST_LINE,
    });
    return LAST_LINE.test(block) ? { value: 'approve', block } : { value: 'again' };
  }
  if (way !== 'approve') return answerOf(way);
  const by = await asker.choose({
    message: 'Who are you?',
    choices: policy.from.map((one) => ({ value: one.person, name: visible(one.name), description: visible(one.person) })),
  });
  return { value: 'approve', by, inPerson: true };
}

function answerOf(way: Way): Answer {
  return way === 'back' ? { value: way, back: true } : { value: way };
}
