import { headlineText, reportDeps } from '../../flows/runs/report.js';
import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { INCIDENT } from './words.js';

/** `runback incident report` */
export const reportVerb: CommandSpec = {
  verb: 'report',
  summary: 'The report, as Markdown or one HTML file',
  args: [INCIDENT],
  options: [
    { flags: '--to <file>', description: 'file to write, .md or .html (default: Markdown to stdout)', kind: 'file' },
    OVERWRITE,
    { flags: '--personal', description: 'leave personal data in: addresses, phone numbers' },
  ],
  examples: ['runback incident report latest --to report.html'],
  run: report,
};

async function report(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const file = await outputFile(context);
  return await withIncidents(context, async (incidentSession, session) => {
    const { gatherReport, headlineLines, reportHtml, reportMarkdown, withoutPersonalData } = await import('../../../reports/index.js');
    const incident = await incidentSession.incidents.read(await findIncident(context, incidentSession, input.argument('incident')));
    const personal = input.flag('personal');
    const gathered = await gatherReport(incident, reportDeps(session, incidentSession.escalation));
    const data = personal ? gathered : withoutPersonalData(gathered);
    if (file === undefined) {
      const markdown = reportMarkdown(data, { personal });
      return { data: { report: data, markdown }, text: () => markdown.trimEnd() };
    }
    const { path } = file;
    await writeText(file, /\.html?$/iu.test(path) ? reportHtml(data, { personal }) : reportMarkdown(data, { personal }));
    return { data: { report: data, path }, text: (style) => `  ${headlineText(headlineLines(data.headline), style)}\n${style.glyph.done} ${path}` };
  });
}
