import { join } from 'node:path';

import { EXIT, makeFolders, RunbackError } from '../../../lib/index.js';
import { testsFolder } from '../../flows/checks/tests.js';
import { chosenMappings } from '../../flows/mappings/mapping-files.js';
import { canaryTests, canaryWith, findCanary } from '../../flows/monitors/canaries.js';
import { askCanary, canaryText as canaryFile } from '../../flows/monitors/set-up.js';
import { confirmDestructive } from '../../session/confirm.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { writeNew } from '../../shell/new-file.js';
import { canaryList, canaryText } from '../../views/monitors/canary.js';
import { visibleLines } from '../../views/text/visible.js';

const FIELD = 'Field=value';

/** `runback monitor canary` */
export const canaryVerb: CommandSpec = {
  verb: 'canary',
  summary: 'The one permanent record of a flow: declare it, run it, see its last runs',
  details:
    'A run writes a new text into one declared field of one declared record, in production too, and looks for it on the other side. Before each write the record is read: it has to be the declared one, unsubscribed and on no list. Otherwise nothing is written, and the reason is told. set-up asks for what no flag says, reads both sides, and writes tests/NAME.yml; with --confirm the first text is written too.',
  args: [
    { name: 'act', description: 'what to do', choices: ['set-up', 'run', 'list'] },
    { name: 'name', description: 'id of the canary', optional: true },
  ],
  options: [
    { flags: '--mapping <id>', description: 'the mapping that it belongs to' },
    { flags: '--write <side>', description: 'the side of the mapping that is written to' },
    { flags: '--key <key>', description: 'key of the record there' },
    { flags: `--known-by <${FIELD}>`, description: 'a value by which it is known; two at least', repeat: true },
    { flags: '--field <name>', description: 'the one text field that is written to' },
    { flags: `--holds <${FIELD}>`, description: 'a value that says that nobody is mailed', repeat: true },
    { flags: '--copy-key <key>', description: 'key of the copy on the other side' },
    { flags: '--copy-field <name>', description: 'field in which it arrives (default: by the mapping)' },
    { flags: '--within <time>', description: 'longest time until it is there (default: 5m)' },
    { flags: '--confirm <environment:1>', description: 'also write the first text now' },
  ],
  examples: [
    'runback monitor canary set-up canary-contact --mapping contacts',
    'runback monitor canary run canary-contact',
    'runback monitor canary list',
  ],
  run: canary,
};

async function canary(context: CommandContext): Promise<Outcome> {
  switch (context.input.required('act')) {
    case 'set-up':
      return await setUp(context);
    case 'run':
      return await runOne(context);
    default:
      return await list(context);
  }
}

async function list(context: CommandContext): Promise<Outcome> {
  const { canaryResults } = await import('../../../monitors/index.js');
  const session = await context.session();
  const all = await Promise.all(
    (await canaryTests(session)).map(async ({ id, document }) => ({ id, mapping: document.mapping, last: await canaryResults(session.store, id) })),
  );
  return { data: { canaries: all.map(({ last, ...each }) => ({ ...each, last: last.at(-1) ?? null })) }, text: (style) => canaryList(all, style) };
}

async function runOne(context: CommandContext): Promise<Outcome> {
  const { testFiles } = await import('../../../checks/index.js');
  const { runCanary } = await import('../../../monitors/index.js');
  const session = await context.session();
  const test = await findCanary(session, await testFiles(testsFolder(session)), context.input.argument('name'));
  const { canary: one, deps } = await canaryWith(session, test, context.call);
  context.live.start(`Waiting for the text of ${test.id}`);
  const result = await runCanary(one, deps);
  const exit = result.because === 'authorization' ? EXIT.credentials : result.verdict === 'refused' ? EXIT.refused : EXIT.differences;
  return { data: result, text: (style) => canaryText(result, style), ...(result.verdict !== 'arrived' && { exit }) };
}

async function setUp(context: CommandContext): Promise<Outcome> {
  const { parseTest } = await import('../../../checks/index.js');
  const { objectionTo } = await import('../../../monitors/index.js');
  const { input, stdio, style, call } = context;
  const session = await context.session();
  const id = input.argument('name');
  if (id === undefined)
    throw new RunbackError('usage', 'The name of the canary is missing', {
      why: 'Its file is called so: tests/NAME.yml.',
      state: 'Nothing was written.',
      next: 'runback monitor canary set-up canary-contact',
    });
  const path = join(testsFolder(session), `${id}.yml`);
  const { chosen } = await chosenMappings(session, [input.text('mapping') ?? (await askedMapping(context))], stdio.cwd);
  const [mapping] = chosen;
  if (mapping === undefined) throw new RunbackError('not-found', 'There is no such mapping', { state: 'Nothing was written.' });
  const text = canaryFile(await askCanary(id, mapping, input, context.asker));
  const test = parseTest(text, path);
  if (test.kind !== 'canary') throw new RunbackError('bug', 'The file of the canary is none');
  const { canary: one, deps } = await canaryWith(session, test, call);
  context.live.start('Reading both sides');
  const objection = await objectionTo(one, deps);
  if (objection !== undefined)
    return {
      data: { written: false, text, ...objection },
      exit: EXIT.refused,
      text: (out) => `${out.glyph.failed} ${objection.why}\nNothing was written. Fix it there, then run the same command again.`,
    };
  if (context.interactive) stdio.stderr.write(`${style.signs(visibleLines(text))}\n`);
  makeFolders(testsFolder(session));
  if (!(await writeNew(path, text)))
    throw new RunbackError('usage', `${path} is already there`, { state: 'It was not changed.', next: 'Give another name.' });
  const next = `runback monitor canary run ${id}`;
  if (input.text('confirm') === undefined)
    return {
      data: { written: true, file: path },
      text: (out) => `${out.glyph.done} ${path}\nNothing was written to ${one.from.platform}. Next: ${next}`,
    };
  const expect = `${session.platformConfig(one.from.platform).environment}:1`;
  await confirmDestructive(
    context,
    expect,
    { untouched: `The file was written; nothing was written to ${one.from.platform}.`, command: next },
    () => undefined,
  );
  return await runOne(context);
}

async function askedMapping(context: CommandContext): Promise<string> {
  const { mappings } = await chosenMappings(await context.session(), [], context.stdio.cwd);
  const asker = await context.asker('--mapping');
  return await asker.choose({ message: 'Which mapping does it belong to?', choices: mappings.map(({ id }) => ({ value: id, name: id })) });
}
