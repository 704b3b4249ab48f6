import { defined, RunbackError } from '../../../lib/index.js';
import { reportDeps } from '../../flows/runs/report.js';
import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { actor } from './change.js';
import { INCIDENT, toCome } from './words.js';

/** `runback incident vendor` */
export const vendorVerb: CommandSpec = {
  verb: 'vendor',
  summary: "The text for a vendor's support, filled in; keeps case number and follow-up",
  details: 'It does not open the case. The daemon reminds you of the follow-up.',
  args: [{ name: 'vendor', description: 'name in escalation.yml' }, INCIDENT],
  options: [
    { flags: '--case <number>', description: 'the number that the vendor gave' },
    { flags: '--follow-up <time>', description: 'when to follow up: 4h, tomorrow 09:00, or 2026-11-25T14:00Z' },
  ],
  run: vendor,
};

async function vendor(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  return await withIncidents(context, async (incidentSession, session) => {
    const { engageVendor } = await import('../../../incidents/index.js');
    const name = input.required('vendor');
    const id = await findIncident(context, incidentSession, input.argument('incident'));
    const before = await incidentSession.incidents.read(id);
    const file = (await incidentSession.incidents.policyOf(before)) ?? incidentSession.escalation;
    const config = file?.vendors[name];
    if (!config)
      throw new RunbackError('not-found', `escalation.yml has no vendor ${name}`, {
        why: `It has: ${Object.keys(file?.vendors ?? {}).join(', ') || 'none'}.`,
        state: 'Nothing was changed.',
        next: 'runback escalation show',
      });
    const [number, followUp] = [input.text('case'), input.text('follow-up')];
    const facts = {
      ...defined({ number }),
      ...(followUp === undefined ? {} : { followUpAt: await toCome(context, 'follow-up', followUp) }),
    };
    const incident = Object.keys(facts).length === 0 ? before : await engageVendor(incidentSession.incidents, id, name, facts, actor(session));
    const { gatherReport, vendorCase } = await import('../../../reports/index.js');
    const report = await gatherReport(incident, reportDeps(session, file));
    const me = file?.people[session.by];
    const contact = { name: me?.name ?? session.by, ...(me?.email === undefined ? {} : { email: me.email }) };
    const accounts = Object.values(config.account);
    const platforms = Object.values(session.workspace.config.platforms)
      .filter((one) => one.name === name || one.connector === name || (one.account !== undefined && accounts.includes(one.account)))
      .map((one) => one.name);
    const text = vendorCase(incident, config, { vendor: name, report, contact, ...(platforms.length === 0 ? {} : { platforms }) });
    return {
      data: { incident: id, vendor: name, text, support: config.support ?? null, ...facts },
      text: (style) =>
        [
          text.trimEnd(),
          '',
          ...(config.support === undefined ? [] : [`${style.glyph.arrow} Open the case yourself at ${config.support}`]),
          `  Then: runback incident vendor ${name} ${id} --case NUMBER --follow-up 4h`,
        ].join('\n'),
    };
  });
}
