import type { AcceptedAutomations } from '../../../restores/index.js';
import { authorise } from '../../session/policy.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';

/**
 * Automations that react to a restore and are not paused, and who accepts that; undefined where there are none. `command`: what
 * begins it. Throws
 * `automations-running` where nobody has, `not-authorised` where the person may not.
 */
export async function acceptedFor(
  { input, call, live }: CommandContext,
  session: Session,
  platforms: readonly string[],
  command: string,
): Promise<AcceptedAutomations | undefined> {
  const by = input.text('accept-automations')?.trim() || undefined;
  const { reactingTo, requireStill } = await import('../../../syncs/index.js');
  const configs = session.workspace.config.syncs;
  if (reactingTo(configs, platforms).length === 0) return undefined;
  live.start('Checking the automations');
  const accept = `${command} --accept-automations NAME`;
  const automations = await requireStill({ syncs: await session.syncs(), configs, platforms, acceptedBy: by, accept }, call);
  live.stop();
  if (automations.length === 0 || by === undefined) return undefined;
  await authorise(session, 'accept-automations', by);
  live.note(`${by} accepts that ${automations.join(', ')} react to what is written now`);
  return { by, automations };
}

/** An automation that a plan sets off, as runback.yml names it. */
export interface Automation {
  readonly name: string;
  readonly title: string;
}

/** The automations that react to what is written to any of these platforms. Asks none of them. */
export async function automationsOn({ workspace }: Pick<Session, 'workspace'>, platforms: readonly string[]): Promise<readonly Automation[]> {
  const { reactingTo } = await import('../../../syncs/index.js');
  const { syncs } = workspace.config;
  return reactingTo(syncs, platforms).map((name) => ({ name, title: syncs[name]?.title ?? name }));
}
