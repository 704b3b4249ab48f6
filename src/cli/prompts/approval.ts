import type { Answer, Question } from '../../runbooks/index.js';
import { visible } from '../views/visible.js';
import { wrap } from '../views/width.js';
import type { Choice } from './asker.js';
import type { OperatorDeps } from './operator-deps.js';

type ApproveQuestion = Extract<Question, { kind: 'approve' }>;
type Way = 'refuse' | 'approve' | 'paste' | 'again';

/** The last line of a pasted approval. */
const LAST_LINE = /END RUNBACK APPROVAL/u;

/** Asks for an approval once what is approved has been shown: in person, as a pasted block, or given meanwhile somewhere else. */
export async function askApproval(question: ApproveQuestion, { asker, style, print }: OperatorDeps): Promise<Answer> {
  const say = (text: string): void => print(`  ${wrap(text, style.width - 2).join('\n  ')}`);
  const { policy } = question;
  say(`This needs somebody with the authority "${visible(question.authority)}". The approval holds for ${visible(question.of)} only.`);
  const no: Choice<Way> = { value: 'refuse', name: 'No', description: 'The run stops here and can be resumed.' };
  const yes: Choice<Way> = { value: 'approve', name: 'Yes, I approve', description: 'Goes into the journal under your name, unauthenticated.' };
  if (policy === undefined) return { value: await asker.choose({ message: 'Approve?', choices: [no, yes] }) };
  if (policy.needed > 1) say(`${policy.given.length} of ${policy.needed} approvals are there.`);
  for (const given of policy.given) say(`Approved: ${visible(given)}`);
  for (const refused of policy.refused) say(`Does not count: ${visible(refused)}`);
  if (policy.from.length > 0) say(`Can be approved by: ${policy.from.map((one) => visible(`${one.name} (${one.person})`)).join(', ')}`);
  say('Who is somewhere else types, in this workspace or one of their own:');
  print(`    ${policy.command}`);
  const way = await asker.choose<Way>({
    message: 'Approve?',
    choices: [
      no,
      ...(policy.inPerson && policy.from.length > 0 ? [yes] : []),
      { value: 'paste', name: 'Paste a signed approval', description: 'What that command has printed.' },
      { value: 'again', name: 'Look again', description: 'Whether an approval has come in meanwhile.' },
    ],
  });
  if (way === 'paste') {
    const block = await asker.paste({
      message: 'Paste it here, from its BEGIN line to its END line (an empty line twice gives up):',
      last: LAST_LINE,
    });
    return LAST_LINE.test(block) ? { value: 'approve', block } : { value: 'again' };
  }
  if (way !== 'approve') return { value: way };
  const by = await asker.choose({
    message: 'Who are you?',
    choices: policy.from.map((one) => ({ value: one.person, name: visible(one.name), description: visible(one.person) })),
  });
  return { value: 'approve', by, inPerson: true };
}
