import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { defined } from '../../lib/index.js';
import type { Answer, Operator, Question } from '../../runbooks/index.js';
import { proofWords } from '../views/restore-test.js';
import { gapsLine, suspectLine } from '../views/snapshot.js';
import { counted, time } from '../views/text/format.js';
import { plainText, visible, visibleLines } from '../views/text/visible.js';
import { wrap } from '../views/text/width.js';
import { askApproval } from './approval.js';
import type { Choice } from './asker.js';
import { confirmOrGoBack, typeConfirmation } from './confirmation.js';
import { askDecision, backChoice } from './decision.js';
import { askFilter } from './filter.js';
import type { OpenPlan, OperatorDeps } from './operator-deps.js';
import { showPlan } from './plan-browser.js';

/** A person at a terminal who answers the questions of a run. Shows what each question is about before asking it. */
export function terminalOperator(deps: OperatorDeps): Operator {
  const { asker, style, print } = deps;
  const heading = (text: string): void => print(`\n${style.chalk.bold(visible(text))}`);
  const prose = (text: string): void => {
    if (text.trim() !== '')
      print(
        wrap(reflowed(visibleLines(text.trimEnd())), style.width - 2)
          .map((line) => `  ${line}`)
          .join('\n'),
      );
  };
  const answered = (value: string, note: string): Answer => (note === '' ? { value } : { value, note });

  let present: OpenPlan | undefined;
  const ask = async (question: Question): Promise<Answer | undefined> => {
    switch (question.kind) {
      case 'input':
        if (question.type === 'filter') return { value: await askFilter(visible(question.prompt), present, deps) };
        return { value: await askInput(question, deps) };
      case 'manual': {
        heading(question.title);
        prose(question.instructions);
        const value = await asker.choose<'done' | 'stop' | 'back'>({
          message: 'When it is done:',
          choices: [
            { value: 'done', name: 'It is done', beside: 'the run continues' },
            { value: 'stop', name: 'Stop here', beside: 'the run stays open and can be resumed' },
            ...backChoice(question),
          ],
        });
        if (value === 'stop') return undefined;
        if (value === 'back') return { value, back: true };
        const note = await asker.text({ message: 'A note for the record (Enter for none)' });
        const files = await asker.text({
          message: 'Files to keep as evidence, separated by commas (Enter for none)',
          validate: (text) => missingOf(filesIn(text, deps.cwd)),
        });
        const evidence = filesIn(files, deps.cwd);
        return { ...answered(value, note), ...(evidence.length === 0 ? {} : { evidence }) };
      }
      case 'decide': {
        heading(question.title);
        prose(question.instructions);
        const planId = planOf(question.about);
        if (planId === undefined) showFacts(question.about, deps);
        return askDecision(question, planId, deps, (plan) => (present = plan));
      }
      case 'approve': {
        heading(question.title);
        const planId = planOf(question.about);
        if (planId === undefined) showFacts(question.about, deps);
        else await showPlan(await deps.plan(planId), deps);
        return askApproval(question, deps);
      }
      case 'failed': {
        heading(`${question.title}: failed`);
        prose(question.error.message);
        const words = {
          retry: 'Try the step again',
          skip: 'Skip the step and continue',
          undo: 'Undo what the run has done',
          stop: 'Stop; the run can be resumed',
        };
        return { value: await asker.choose({ message: 'What now?', choices: question.choices.map((value) => ({ value, name: words[value] })) }) };
      }
      case 'in_doubt': {
        heading(`${question.title}: it is not known whether it happened`);
        prose(question.what);
        const words = { happened: 'It happened', 'did-not-happen': 'It did not happen', stop: 'I cannot tell: stop here' };
        return {
          value: await asker.choose({
            message: 'Check the platform, then answer:',
            choices: question.choices.map((value) => ({ value, name: words[value] })),
            default: 'stop',
          }),
        };
      }
      case 'confirm':
        break;
    }
    heading(question.title);
    const planId = planOf(question.about);
    if (planId === undefined) showFacts(question.about, deps);
    else await showPlan(await deps.plan(planId), deps, { danger: true });
    if (question.back === undefined) return { value: await typeConfirmation(asker, question.expect) };
    const typed = await confirmOrGoBack(asker, question.expect);
    return typed === undefined ? { value: 'back', back: true } : { value: typed };
  };
  return {
    ask: async (question, signal) => {
      try {
        return await ask(question);
      } catch (error) {
        // Ctrl-C at the question: the run itself journals that it was stopped. Before a run there is nothing to
        // journal.
        if (signal.aborted && question.kind !== 'input') return undefined;
        throw error;
      }
    },
  };
}

/** The files that a person names, as absolute paths. */
function filesIn(text: string, cwd = ''): readonly string[] {
  const names = text.split(',').map((file) => file.trim());
  return names.filter((file) => file !== '').map((file) => resolve(cwd, file));
}

/** Asked for again where one of them is not there: a typing mistake is no evidence. */
function missingOf(paths: readonly string[]): true | string {
  const missing = paths.find((path) => !isFile(path));
  return missing === undefined || `There is no file ${visible(missing)}.`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Paragraphs as one line each, so that they fill the screen whatever width they were written in; items of lists stay
 * lines of their own.
 */
function reflowed(text: string): string {
  return text.replaceAll(/(?<=\S)[ \t]*\n(?!\n|\s*(?:[-*]|\d+\.)\s)[ \t]*(?=\S)/gu, ' ');
}

/** The plan a question is about, if it is about one. */
function planOf(about: Readonly<Record<string, unknown>>): string | undefined {
  return typeof about['plan'] === 'string' ? about['plan'] : undefined;
}

function showFacts(about: Readonly<Record<string, unknown>>, deps: OperatorDeps): void {
  for (const [name, value] of Object.entries(about)) {
    if (name === 'plan' || name === 'hash' || value === undefined || value === '' || (typeof value === 'object' && !Array.isArray(value))) continue;
    const words = Array.isArray(value) ? value.map(plainText).join('; ') : plainText(value);
    deps.print(
      wrap(`${name.replaceAll('_', ' ')}: ${visibleLines(words)}`, deps.style.width - 4)
        .map((line, i) => `${i === 0 ? '  ' : '    '}${line}`)
        .join('\n'),
    );
  }
}

async function askInput(question: Extract<Question, { kind: 'input' }>, deps: OperatorDeps): Promise<string> {
  const { asker } = deps;
  const preset = question.default === undefined || question.default === null ? undefined : plainText(question.default);
  const message = visible(question.prompt);
  const listed = (question.choices ?? []).map((choice) => ({ value: choice.value, name: visible(choice.label) }));
  if (question.type === 'snapshot') return askSnapshot(message, preset, question.platform, deps);
  if (question.type === 'platform' && listed.length === 0)
    listed.push(
      ...deps
        .platforms()
        .map((platform) => ({ value: platform.name, name: `${visible(platform.name)} (${platform.connector}, ${platform.environment})` })),
    );
  if (listed.length > 0) {
    if (listed.length > 12) return asker.search({ message, choices: listed });
    return asker.choose({ message, choices: listed, ...defined({ default: preset }) });
  }
  if (question.type === 'boolean') return String(await asker.confirm({ message, default: preset === 'true' }));
  const example =
    question.type === 'time' ? ` (such as yesterday 14:00${deps.zone === undefined ? 'Z' : ` ${deps.zone} time`}, or 2h for two hours ago)` : '';
  const validate = await checkFor(question.type, deps);
  return asker.text({ message: `${message}${example}`, ...defined({ default: preset }), ...(validate && { validate }) });
}

/** Checks what was typed at once, so that it can be asked for again. */
async function checkFor(type: string, { style, zone }: OperatorDeps): Promise<((text: string) => true | string) | undefined> {
  if (type === 'time') {
    const { readMoment } = await import('../../lib/index.js');
    return (text) => {
      const read = text.trim() === '' ? undefined : readMoment(text, { now: style.now, zone });
      return read?.ok === false ? `Not valid: ${read.problem}. ${read.why ?? ''}`.trimEnd() : true;
    };
  }
  return type === 'number' ? (text) => (text.trim() !== '' && Number.isFinite(Number(text))) || 'Type a number.' : undefined;
}

/** Offers the snapshots that hold something of the platform; those with gaps say so. */
async function askSnapshot(
  message: string,
  preset: string | undefined,
  platform: string | undefined,
  { asker, style, snapshots }: OperatorDeps,
): Promise<string> {
  const { byAge, isLastVerified } = await import('../../snapshots/index.js');
  const all = [...(await snapshots())]
    .filter(({ objects }) => platform === undefined || objects.some((held) => held.platform === platform))
    .sort((a, b) => byAge(b, a));
  const choices: Choice<string>[] = all.map((snapshot) => ({
    value: snapshot.id,
    name: `${time(snapshot.startedAt, style)}  ${counted(snapshot.rows, 'records')}  ${snapshot.platforms.map(({ name }) => visible(name)).join(', ')}${snapshot.gaps.length === 0 ? '' : `, ${gapsLine(snapshot.gaps)}`}${snapshot.suspect === undefined ? '' : ', suspect'}${snapshot.imported === undefined ? '' : `, imported from ${visible(snapshot.imported.file)}`}`,
    description: `${snapshot.id}, ${snapshot.verifiedAt === undefined ? 'not verified' : `verified ${time(snapshot.verifiedAt, style)}`}, ${proofWords(snapshot.proof)}${snapshot.note === undefined ? '' : `, "${visible(snapshot.note)}"`}${snapshot.suspect === undefined ? '' : `, ${suspectLine(snapshot)}`}`,
  }));
  if (preset === 'latest' || preset === 'latest-verified') {
    const named = all.find((snapshot) => (preset === 'latest' ? snapshot.imported === undefined : isLastVerified(snapshot)));
    if (named)
      choices.unshift({
        value: preset,
        name: `${preset}: ${time(named.startedAt, style)}`,
        description: `${named.id}, ${proofWords(named.proof)}. Take this unless it was made after the damage.`,
      });
  }
  if (choices.length === 0)
    return asker.text({
      message: `${message} (id or latest-verified; there is no snapshot yet)`,
      ...defined({ default: preset }),
    });
  return choices.length > 12 ? asker.search({ message, choices }) : asker.choose({ message, choices, ...defined({ default: preset }) });
}
