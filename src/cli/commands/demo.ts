import { rm } from 'node:fs/promises';

import { leastRequests, stageBadSync, type BadSync } from '../../drills/index.js';
import { defined, EXIT, isRunbackError, RunbackError } from '../../lib/index.js';
import type { RunObserver, RunView } from '../../runbooks/index.js';
import { writeSampleWorkspace, type Score } from '../../stages/index.js';
import { isRepaired, nightlySnapshot, scoreText, tellDamage } from '../flows/restores/rehearsal.js';
import { runSetup } from '../flows/runs/run.js';
import { findRunbook } from '../flows/runs/runbook-files.js';
import { temporaryFolder } from '../session/temporary.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { runText } from '../views/run.js';
import { count, span } from '../views/text/format.js';
import type { Style } from '../views/text/style.js';
import { visibleLines } from '../views/text/visible.js';
import { wrap } from '../views/text/width.js';
import { repairByGroups } from './restore/by-groups.js';
import { resumeHere } from './restore/resume.js';

const RUNBOOK = 'mass-overwrite';
const TWO_PLATFORMS = 'two-platforms';

/** Who is at the keyboard unless --as says otherwise. */
const ON_CALL = 'maya';
const SIZES = { full: { contacts: 5000, companies: 800, deals: 500 }, small: { contacts: 300, companies: 50, deals: 30 } } as const;

/** What somebody who follows the story answers; the same as a person would give at the prompts. */
const ANSWERS = `
review: "yes"
left: "go on"
review_created: delete
allow: { choice: approve, by: lee }
cause: { choice: done, note: the mapping of the sync was corrected }
`;

interface DemoResult {
  readonly score: Score;
  readonly requests: { readonly made: number; readonly least: number; readonly limited: number };
  readonly seconds: number;
  readonly workspace: string | undefined;
  readonly run: RunView;
}

async function demo(context: CommandContext): Promise<Outcome> {
  if (context.input.text('story') === TWO_PLATFORMS) return await (await import('../flows/drills/two-platforms.js')).twoPlatformsDemo(context);
  const { live, style, clock, input } = context;
  const say = (text: string): void => live.print(wrap(text, style.width).join('\n'));
  const started = clock.monotonicMs();
  const sizes = input.flag('small') ? SIZES.small : SIZES.full;
  const folder = await temporaryFolder('runback-demo-');
  say(
    `A HubSpot sandbox starts on this machine, with ${count(sizes.contacts)} contacts, ${count(sizes.companies)} companies, ${count(sizes.deals)} deals and their links. Nothing leaves this machine.`,
  );
  live.start('Filling the sandbox');
  const story = await stageBadSync({ ...sizes, seed: 20_261_122 });
  let repaired = false;
  try {
    await writeSampleWorkspace(folder, { hubspot: story.sandbox.url, sync: story.integration.url, token: story.sandbox.token });
    await context.session(folder, ON_CALL);
    await nightlySnapshot(context, folder);
    tellDamage(story, say);
    if (context.interactive) {
      const outcome = await repairByHand(context, story, folder, started);
      repaired = outcome.exit === EXIT.done;
      return outcome;
    }
    const run = await repair(context, story);
    const result = judge(story, run, (clock.monotonicMs() - started) / 1000, input.flag('keep') ? folder : undefined);
    const { score } = result;
    // What a colleague changed meanwhile is left to people, which makes the run partial: the cells tell whether that
    // was right.
    const ended = run.state === 'succeeded' || run.state === 'partial';
    repaired = ended && isRepaired(score);
    return {
      data: result,
      text: (out) => `\n${runText(run, out)}\n\n${resultText(result, out)}`,
      exit: repaired ? EXIT.done : ended ? EXIT.differences : EXIT.partial,
    };
  } catch (error) {
    if (!isRunbackError(error) || (error.code !== 'interrupted' && typeof (error.data['run'] ?? error.data['restore']) !== 'string')) throw error;
    throw new RunbackError(error.code, error.code === 'interrupted' ? 'The demo was stopped' : `The demo has ended: ${error.message}`, {
      why: 'Its sandbox has ended too, so its run cannot be resumed. With a real platform it could be.',
      state: 'Nothing but a temporary folder was written.',
      next: 'runback demo',
      cause: error,
    });
  } finally {
    await story.stop();
    if (repaired && !context.interactive && !input.flag('keep')) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The repair by a person at the terminal, as `runback respond` leads them. Where they stop it, by Ctrl-C or by an answer, it can be continued
 * while the account is there.
 */
async function repairByHand(context: CommandContext, story: BadSync, folder: string, startedMs: number): Promise<Outcome> {
  tellWhatToDo(context, story);
  let now = context;
  let stopped: string | undefined;
  for (;;) {
    try {
      const opened = await now.session(folder, ON_CALL);
      const outcome = await (stopped === undefined
        ? repairByGroups(now, opened, { platform: 'hubspot', onPlanned: () => void story.colleagueWorks() })
        : resumeHere(now, opened, stopped));
      now.live.stop();
      const score = story.score();
      const seconds = (context.clock.monotonicMs() - startedMs) / 1000;
      return {
        data: { repair: outcome.data, score, seconds, workspace: folder },
        text: (out) => `${outcome.text(out)}\n\n${scoreText(score, out, [['time', span(seconds * 1000)], lookAround(folder)])}`.trimStart(),
        exit: isRepaired(score) ? EXIT.done : EXIT.differences,
      };
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      const restore = error.data['restore'];
      if (error.code !== 'interrupted' && typeof restore !== 'string') throw error;
      stopped = typeof restore === 'string' ? restore : stopped;
      now = context.again();
      await now.session(folder, ON_CALL);
      if (!(await wantsToGoOn(now, error, stopped === undefined ? 'respond' : `restore resume ${stopped}`))) throw error;
    }
  }
}

async function wantsToGoOn({ live, style, asker }: CommandContext, { message, why, state }: RunbackError, command: string): Promise<boolean> {
  const told = [message, why, state].filter((part) => part !== undefined).map((part) => visibleLines(part));
  live.stop();
  live.print(`\n${told.flatMap((text) => wrap(text, style.width)).join('\n')}\n`);
  live.print(wrap(`On the day you would now type:  runback ${command}`, style.width).join('\n'));
  const question = await asker('nothing');
  return await question.choose({
    message: 'What now?',
    choices: [
      { value: true, name: 'Continue', beside: 'as that command does' },
      { value: false, name: 'End the demo', beside: 'its account ends with it' },
    ],
  });
}

/** The repair with nobody at the terminal: the runbook, with the answers of somebody who knows the story. */
async function repair(context: CommandContext, story: BadSync): Promise<RunView> {
  const opened = await context.session();
  const { answersOperator, parseAnswers, startRun } = await import('../../runbooks/index.js');
  const runbook = await findRunbook(opened, RUNBOOK, context.stdio.cwd);
  const { deps, options } = await runSetup(context, runbook);
  // On call in the sample's escalation.yml, and allowed to approve a restore of this size.
  const { by } = opened;
  const answers = answersOperator(parseAnswers(ANSWERS, 'answers.yml', runbook));
  const operator = {
    ask: async (...[question, signal]: Parameters<typeof answers.ask>) =>
      question.kind === 'confirm' ? { value: question.expect } : answers.ask(question, signal),
  };
  story.sandbox.resetCounts();
  const observer = options.observer && meanwhile(options.observer, story);
  const inputs = { platform: 'hubspot', base: 'latest-verified', filter: { except_fields: story.rightfulFields } };
  return startRun({ runbook, inputs, by }, deps, { ...options, operator, ...defined({ observer }) });
}

function tellWhatToDo({ live, style }: CommandContext, story: BadSync): void {
  live.print(
    wrap(
      `Your turn: you are on call, and know none of this. "runback respond" finds out what happened, and shows it in groups. What is damage is marked. ${story.rightfulFields.join(', ')} is among the ordinary work, and is left. Links and new records have no mark, since no one but you can tell: take those of the sync with the space bar.\n`,
      style.width,
    ).join('\n'),
  );
}

/** The colleague goes on while the repair runs: after the evidence, and again between plan and write. */
function meanwhile(observer: RunObserver, story: BadSync): RunObserver {
  const seen = new Set<string>();
  return {
    ...observer,
    stepChanged: (step, run) => {
      observer.stepChanged(step, run);
      if ((step.id !== 'evidence' && step.id !== 'plan') || step.state !== 'succeeded' || seen.has(step.id)) return;
      seen.add(step.id);
      story.colleagueWorks();
    },
  };
}

function judge(story: BadSync, run: RunView, seconds: number, workspace: string | undefined): DemoResult {
  const { requests, limited } = story.sandbox.counts();
  const outputOf = (step: string, name: string): number => Number(run.steps.find((one) => one.id === step)?.outputs[name] ?? 0);
  const objects = ['contacts', 'companies', 'deals'];
  const labels = story.sandbox.links().filter(({ category }) => category === 'USER_DEFINED');
  const isLabelled = (from: string, to: string): boolean =>
    labels.some(({ fromObject, toObject }) => (fromObject === from && toObject === to) || (fromObject === to && toObject === from));
  const least = leastRequests({
    objects: Object.fromEntries(objects.map((object) => [object, story.sandbox.records(object).length])),
    labelled: objects.flatMap((from, n) => objects.slice(n).flatMap((to) => (isLabelled(from, to) ? [[from, to] as const] : []))),
    suspects: outputOf('extent', 'changed'),
    updates: outputOf('plan', 'updates'),
    links: outputOf('plan', 'links'),
    deletes: outputOf('plan_created', 'deletes'),
    cutAgain: story.sandbox.writes().filter((write) => write.action === 'unlink' && write.changed && write.request !== undefined).length,
    canary: 10,
  });
  return { score: story.score(), requests: { made: requests, least, limited }, seconds, workspace, run };
}

function lookAround(workspace: string): readonly [string, string] {
  return ['workspace', `${workspace}\nLook around: runback --workspace ${workspace} snapshot list`];
}

function resultText({ score, requests, seconds, workspace }: DemoResult, style: Style): string {
  const look = workspace === undefined ? [] : [lookAround(workspace)];
  return scoreText(score, style, [
    [
      'requests made',
      `${count(requests.made)}; the least possible is ${count(requests.least)} (${(requests.made / requests.least).toFixed(2)} ×), ${count(requests.limited)} refused by rate limits`,
    ],
    ['time', span(seconds * 1000)],
    ...look,
  ]);
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Try it: a sync goes wrong in a local sandbox, and is undone',
    details: 'Needs no account and changes only a temporary folder. With --no-input it answers its own questions.',
    options: [
      {
        flags: '--story <name>',
        description: 'bad-sync (a sync overwrites HubSpot), or two-platforms (a sync between Salesforce and HubSpot goes round in a loop)',
        choices: ['bad-sync', TWO_PLATFORMS],
      },
      { flags: '--small', description: 'fewer records' },
      { flags: '--keep', description: 'keep the workspace of the demo to look at' },
    ],
    examples: ['runback demo', 'runback demo --no-input', 'runback demo --story two-platforms'],
    run: demo,
  },
];
