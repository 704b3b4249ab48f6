import type { NamedCheck, ParityResult } from '../../../checks/index.js';
import { EXIT, type ExitCode, RunbackError } from '../../../lib/index.js';
import { offersOfParity } from '../../flows/checks/offers.js';
import { byPrefix } from '../../session/prefix.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { offerText } from '../../views/checks/offers.js';
import { parityText } from '../../views/checks/parity.js';

/** `runback parity check` */
export const checkVerb: CommandSpec = {
  verb: 'check',
  summary: 'Compare a test environment with production, and look for a leak between them',
  details:
    'Compares fields, options, pipelines, scopes, permissions, limits and automations as parity.yml says, and looks for a marker of the test environment in everything that production holds. Production is only read; the marker is taken away again. Exit 2 if something differs that is not accepted, or a marker was seen; 3 if nothing does, but not everything could be read; 6 if the two cannot be told apart: then nothing is compared or written.',
  args: [{ name: 'check', description: 'only these checks of parity.yml (default: all of them)', optional: true, variadic: true }],
  options: [
    { flags: '--skip-leak', description: 'compare only: nothing is written into the test environment' },
    { flags: '--to <file>', description: 'file to write: .html, .md or .xml (JUnit)', kind: 'file' },
    OVERWRITE,
  ],
  examples: ['runback parity check', 'runback parity check crm --to parity.html'],
  run: check,
};

async function check(context: CommandContext): Promise<Outcome> {
  const { input, call, stdio, clock, event, live } = context;
  const file = await outputFile(context);
  const session = await context.session();
  const { checkParity, loadParity, parityDocument, parityJunit, withOffers } = await import('../../../checks/index.js');
  const wanted = chosen(await loadParity(session.workspace), input.words('check'));
  const { workspace, store, by, secret, redactor } = session;
  const deps = { workspace, store, by, clock, secret, environment: stdio.env, redact: (text: string) => redactor.text(text) };
  const results: ParityResult[] = [];
  for (const one of wanted) {
    live.start(`Comparing ${one.test} with ${one.production}`);
    const result = await checkParity(one, deps, { skipLeak: input.flag('skip-leak') }, call);
    event({ type: 'check', check: result.check, verdict: result.verdict });
    results.push(result);
  }
  live.stop();
  const offers = await offersOfParity(session, results);
  if (file !== undefined) {
    const { documentHtml, documentMarkdown } = await import('../../../document/index.js');
    const document = withOffers(parityDocument(results), offers);
    const text = /\.xml$/iu.test(file.path)
      ? parityJunit(results, offers)
      : /\.html?$/iu.test(file.path)
        ? documentHtml(document)
        : documentMarkdown(document);
    await writeText(file, text);
  }
  return {
    data: {
      passed: results.every(({ verdict }) => verdict === 'like'),
      checks: results,
      next: offers,
      ...(file === undefined ? {} : { path: file.path }),
    },
    text: (style) =>
      [parityText(results, style), offerText(offers, style), file === undefined ? '' : `${style.glyph.done} ${file.path}`]
        .filter((part) => part !== '')
        .join('\n\n'),
    exit: exitOf(results),
  };
}

function chosen(all: readonly NamedCheck[], names: readonly string[]): readonly NamedCheck[] {
  if (all.length === 0)
    throw new RunbackError('not-found', 'parity.yml has no checks', { state: 'Nothing was read.', next: 'Add one under "checks:" in parity.yml.' });
  if (names.length === 0) return all;
  return [...new Set(names.map((name) => byPrefix(name, all, (one) => one.name, { what: 'check', list: 'runback parity check' })))];
}

/** The worst of them. */
function exitOf(results: readonly ParityResult[]): ExitCode {
  const has = (verdict: ParityResult['verdict']): boolean => results.some((one) => one.verdict === verdict);
  return has('refused') ? EXIT.refused : has('different') ? EXIT.differences : has('unproven') ? EXIT.partial : EXIT.done;
}
