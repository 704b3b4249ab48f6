import { testsFolder } from '../../flows/checks/tests.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { testList } from '../../views/checks/test.js';

/** `runback test list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Tests of the workspace, and how each ended last', run: list };

async function list(context: CommandContext): Promise<Outcome> {
  const { readCheckResults, testFiles, uncleaned } = await import('../../../checks/index.js');
  const session = await context.session();
  const [files, results, left] = await Promise.all([testFiles(testsFolder(session)), readCheckResults(session.store), uncleaned(session.store)]);
  const last = new Map(results.map((result) => [result.test, result]));
  const data = files.map(({ id, path, test, problem }) => {
    const result = last.get(id);
    return {
      id,
      path,
      ...(test === undefined ? { problem } : { title: test.title }),
      ...(result && { last: { id: result.id, at: result.startedAt, passed: result.passed } }),
    };
  });
  return { data: { tests: data, uncleaned: left.map(({ id }) => id) }, text: (style) => testList(files, last, left.length, style) };
}
