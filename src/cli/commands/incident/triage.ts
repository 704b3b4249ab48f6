import { RunbackError } from '../../../lib/index.js';
import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, textOption, SEVERITY, BEGAN, beganAt } from './words.js';

/** `runback incident triage` */
export const triageVerb: CommandSpec = {
  verb: 'triage',
  summary: 'Update what is known: severity, impact, platforms',
  args: [INCIDENT],
  options: [
    SEVERITY,
    textOption('impact', 'what is affected'),
    textOption('rename', 'a better title'),
    { flags: '--platform <name>', description: 'platform that is damaged', repeat: true, kind: 'platform' },
    BEGAN,
    textOption('why', 'for the timeline'),
  ],
  examples: ['runback incident triage --severity sev1 --why "opt-outs are overwritten too"'],
  run: act(async (id, { incidents }, session, context) => {
    const { input } = context;
    const { triage } = await import('../../../incidents/index.js');
    const platforms = input.someOf('platform');
    for (const platform of platforms ?? []) session.platformConfig(platform);
    const facts = {
      severity: input.text('severity'),
      impact: input.text('impact'),
      title: input.text('rename'),
      platforms,
      beganAt: await beganAt(context),
      why: input.text('why'),
    };
    const given = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length === 0)
      throw new RunbackError('usage', 'Say what you know now: --severity, --impact, --rename, --platform or --began', {
        state: 'Nothing was changed.',
        next: 'runback incident triage --help',
      });
    return await triage(incidents, id, given, actor(session));
  }),
};
