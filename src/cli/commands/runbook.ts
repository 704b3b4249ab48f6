import { EXIT, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Finding, Runbook } from '../../runbooks/index.js';
import { problemsIn } from '../../workspace/index.js';
import { findRun, runFor, runOutcome, runSetup } from '../flows/run.js';
import { findRunbook, runbookFiles } from '../flows/runbook-files.js';
import { type IncidentSession, incidentOf } from '../session/incidents.js';
import { incidentFor } from '../session/run-incident.js';
import { refuseUnsound } from '../session/unsound.js';
import { findIncident, withIncidents } from '../session/with-incidents.js';
import type { CommandSpec, OptionSpec, Outcome, CommandContext } from '../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../shell/output-file.js';
import { runsList, runText } from '../views/run.js';
import { evidenceText, findingsText, runbookList, runbookText } from '../views/runbook.js';
import { visible } from '../views/visible.js';

async function list({ session }: CommandContext): Promise<Outcome> {
  const files = await runbookFiles(await session());
  const data = files.map(({ id, path, runbook, problem }) => ({
    id,
    path,
    ...(runbook === undefined ? {} : { title: runbook.title, symptoms: runbook.document.symptoms ?? [], steps: runbook.steps.length }),
    ...(problem === undefined ? {} : { problem }),
  }));
  return { data, text: (style) => runbookList(files, style) };
}

async function show({ input, session, stdio }: CommandContext): Promise<Outcome> {
  const runbook = await findRunbook(await session(), input.required('runbook'), stdio.cwd);
  return { data: { ...runbook.document, file: runbook.file, digest: runbook.digest }, text: (style) => runbookText(runbook, style) };
}

async function lint({ input, session, stdio }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const { lintRunbook } = await import('../../runbooks/index.js');
  const words = input.words('runbooks');
  const wanted = words.length > 0 ? words : (await runbookFiles(opened)).map((file) => file.path);
  const findings: Finding[] = [];
  const broken: RunbackError['data'][] = [];
  for (const word of wanted) {
    try {
      findings.push(...lintRunbook(await findRunbook(opened, word, stdio.cwd)));
    } catch (error) {
      // A wrong word is no file at all.
      if (!isRunbackError(error) || error.code === 'not-found' || error.code === 'ambiguous') throw error;
      broken.push(error.data);
      const { file } = error.data;
      const found = problemsIn(error, typeof file === 'string' ? file : word);
      findings.push(...found.map((problem): Finding => ({ severity: 'error', rule: error.code, ...problem })));
    }
  }
  return {
    data: { runbooks: wanted.length, findings, broken },
    text: (style) => findingsText(findings, wanted.length, style),
    ...(findings.some((finding) => finding.severity === 'error') ? { exit: EXIT.badFile } : {}),
  };
}

async function render(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio } = context;
  const file = await outputFile(context);
  const { renderRunbook } = await import('../../runbooks/index.js');
  const markdown = renderRunbook(await findRunbook(await session(), input.required('runbook'), stdio.cwd));
  if (file === undefined) return { data: { markdown }, text: () => markdown.trimEnd() };
  await writeText(file, markdown);
  return { data: { path: file.path }, text: (style) => `${style.glyph.done} ${file.path}` };
}

/** The runbook that is meant; without a word, the one a person picks by its symptoms. */
async function chosenRunbook(context: CommandContext): Promise<Runbook> {
  const opened = await context.session();
  const word = context.input.argument('runbook');
  if (word !== undefined) return findRunbook(opened, word, context.stdio.cwd);
  const asker = await context.asker('<runbook>');
  const usable = (await runbookFiles(opened)).flatMap((file) => file.runbook ?? []);
  if (usable.length === 0)
    throw new RunbackError('not-found', 'There is no runbook here', { state: 'Nothing was started.', next: 'runback runbook lint' });
  return asker.choose({
    message: 'What happened?',
    choices: usable.map((runbook) => ({
      value: runbook,
      name: visible(runbook.title),
      description: visible((runbook.document.symptoms ?? []).join('. ')),
    })),
  });
}

/** `--input name=value` as a record. Throws `usage`. */
function inputsOf({ input }: CommandContext): Record<string, string> {
  return Object.fromEntries(
    input.list('input').map((text) => {
      const cut = text.indexOf('=');
      if (cut < 1)
        throw new RunbackError('usage', `--input takes name=value, not "${text}"`, {
          state: 'Nothing was started.',
          next: 'runback runbook show <id>',
        });
      return [text.slice(0, cut), text.slice(cut + 1)] as const;
    }),
  );
}

async function run(context: CommandContext): Promise<Outcome> {
  const { startRun } = await import('../../runbooks/index.js');
  const given = inputsOf(context);
  const runbook = await chosenRunbook(context);
  await refuseUnsound(runbook);
  const records = context.input.integer('limit-records', 1);
  const wanted = context.input.text('incident');
  const limits = records === undefined ? {} : { limits: { records } };
  return await withIncidents(context, async (incidentSession) => {
    const chosen =
      wanted === undefined
        ? await incidentFor(context, incidentSession.incidents, runbook, given)
        : { inputs: given, ...(await named(context, incidentSession, wanted)) };
    const { inputs, id } = chosen;
    if (id !== undefined)
      return runOutcome(await runFor(context, { incidents: incidentSession.incidents, id }, { runbook, inputs, ...limits }), 'succeeded');
    const { deps, options, by } = await runSetup(context, runbook);
    return runOutcome(await startRun({ runbook, inputs, by, ...limits }, deps, options), 'succeeded');
  });
}

async function named(context: CommandContext, incidentSession: IncidentSession, wanted: string): Promise<{ readonly id?: string }> {
  return wanted === 'none' ? {} : { id: await findIncident(context, incidentSession, wanted) };
}

/** Resume, undo and take over: the same but for the function. */
function goOn(verb: 'resumeRun' | 'undoRun' | 'takeOver', wanted: 'succeeded' | 'undone') {
  return async (context: CommandContext): Promise<Outcome> => {
    const runbooks = await import('../../runbooks/index.js');
    const opened = await context.session();
    const id = await findRun(context, context.input.argument('run'));
    const before = await runbooks.readRun(opened.store, id);
    if (verb === 'undoRun' && context.interactive && !context.globals.yes) await confirmUndo(context, runText(before, context.style));
    const needsText = context.input.text('answers') !== undefined;
    const runbook = needsText ? await runbooks.readRunbook(opened.store, id) : undefined;
    const tied = await incidentOf(opened, id);
    const { deps, options, by, linked } = await runSetup(context, runbook, tied && { incidents: tied.incidents, id: tied.incident.id });
    try {
      return runOutcome(await runbooks[verb](id, { by, inputs: verb === 'undoRun' ? {} : inputsOf(context) }, deps, options), wanted);
    } finally {
      await linked();
    }
  };
}

async function confirmUndo(context: CommandContext, shown: string): Promise<void> {
  context.live.print(shown);
  const asker = await context.asker('--yes');
  const go = await asker.confirm({ message: 'Take back what this run did, in reverse order?', default: false });
  if (!go) throw new RunbackError('person-needed', 'Not undone', { why: 'You said no.', state: 'Nothing was written.' });
}

async function abort(context: CommandContext): Promise<Outcome> {
  const { abortRun } = await import('../../runbooks/index.js');
  const opened = await context.session();
  const id = await findRun(context, context.input.argument('run'));
  const reason =
    context.input.text('reason') ??
    (await (
      await context.asker('--reason')
    ).text({ message: 'Why is the run given up?', validate: (value) => value.trim() !== '' || 'A reason is needed.' }));
  const report = await abortRun(id, { by: opened.by, reason }, await opened.services());
  return {
    data: report,
    text: (style) =>
      [
        `${style.glyph.done} ${id} is closed. Nothing was undone.`,
        ...(report.left.length === 0 ? [] : [`  What these steps did stays: ${report.left.join(', ')}`]),
        ...report.paused.map((pause) => `${style.glyph.pause} Still paused: ${pause.syncs.join(', ')}\n  Back to the earlier state: ${pause.next}`),
      ].join('\n'),
  };
}

async function runs({ session }: CommandContext): Promise<Outcome> {
  const { listRuns } = await import('../../runbooks/index.js');
  const listed = await listRuns((await session()).store);
  return {
    data: listed,
    text: (style) =>
      [
        runsList(listed.runs, style),
        ...listed.damaged.map((id) => `${style.glyph.failed} ${id}: its journal is damaged. See: runback runbook evidence ${id}`),
      ].join('\n'),
    ...(listed.damaged.length === 0 ? {} : { exit: EXIT.partial }),
  };
}

async function evidence(context: CommandContext): Promise<Outcome> {
  const { verifyEvidence } = await import('../../runbooks/index.js');
  const opened = await context.session();
  const id = await findRun(context, context.input.required('run'));
  const report = await verifyEvidence(opened.store, id);
  return {
    data: report,
    text: (style) => `${evidenceText(report, style)}\n\n${runText(report.view, style)}`,
    ...(report.ok ? {} : { exit: EXIT.badFile }),
  };
}

const RUNBOOK = { name: 'runbook', description: 'id, its beginning, or a path', kind: 'runbook' as const };
const RUN = { name: 'run', description: 'id of the run, its beginning, or latest', kind: 'run' as const };
const OTHER_INPUT: OptionSpec = { flags: '--input <name=value>', description: 'another value for an input that no step has used yet', repeat: true };
const ANSWERS: OptionSpec = { flags: '--answers <file>', description: 'YAML file with answers to the questions of the runbook', kind: 'file' };

export const commands: readonly CommandSpec[] = [
  { verb: 'list', summary: 'Runbooks of the workspace and when to use them', run: list },
  { verb: 'show', summary: 'What a runbook asks and does', args: [RUNBOOK], run: show },
  {
    verb: 'lint',
    summary: 'Check runbooks: unknown steps and outputs, unreachable steps, missing undo',
    args: [{ name: 'runbooks', description: 'ids or paths (default: all)', kind: 'runbook', optional: true, variadic: true }],
    run: lint,
  },
  {
    verb: 'render',
    summary: 'A runbook as Markdown, to print and follow by hand',
    args: [RUNBOOK],
    options: [{ flags: '--to <file>', description: 'file to write (default: stdout)', kind: 'file' }, OVERWRITE],
    run: render,
  },
  {
    verb: 'run',
    summary: 'Be led through a runbook',
    args: [{ ...RUNBOOK, optional: true }],
    options: [
      { flags: '--input <name=value>', description: 'value of an input', repeat: true },
      ANSWERS,
      { flags: '--limit-records <n>', description: 'need an approval for more records than this' },
      { flags: '--incident <incident>', description: 'the incident it is run for, or none (default: the open one of its platform)' },
    ],
    examples: ['runback runbook run mass-overwrite', 'runback runbook run mass-overwrite --answers answers.yml'],
    run,
  },
  {
    verb: 'resume',
    summary: 'Go on with a run where it stopped',
    args: [{ ...RUN, optional: true }],
    options: [OTHER_INPUT, ANSWERS],
    run: goOn('resumeRun', 'succeeded'),
  },
  { verb: 'undo', summary: 'Take back what a run did, in reverse order', args: [RUN], options: [ANSWERS], run: goOn('undoRun', 'undone') },
  {
    verb: 'abort',
    summary: 'Close a run without undoing it',
    args: [RUN],
    options: [{ flags: '--reason <text>', description: 'why; goes into the journal' }],
    run: abort,
  },
  { verb: 'takeover', summary: "Go on with somebody else's run", args: [RUN], options: [OTHER_INPUT, ANSWERS], run: goOn('takeOver', 'succeeded') },
  { verb: 'runs', summary: 'Runs, newest first', run: runs },
  { verb: 'evidence', summary: "Prove that a run's journal is what was written", args: [RUN], run: evidence },
];
