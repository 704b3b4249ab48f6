import { type CallOptions, RunbackError } from '../lib/index.js';
import type { SyncConfig } from '../workspace/index.js';
import type { Syncs, SyncView } from './pause-record.js';

type Configs = Readonly<Record<string, SyncConfig>>;

/** Names of the automations that what is written to any of these platforms sets off, by `reacts_to` of runback.yml. */
export function reactingTo(configs: Configs, platforms: readonly string[]): readonly string[] {
  return Object.values(configs)
    .filter(({ reacts_to: reacts }) => reacts?.some((platform) => platforms.includes(platform)) === true)
    .map(({ name }) => name);
}

/** The syncs that are to stand still for a restore of these platforms: those that write to one, and those that react to one. */
export function stillFor(configs: Configs, platforms: readonly string[]): readonly string[] {
  const writing = Object.values(configs).filter((sync) => sync.writes_to.some((platform) => platforms.includes(platform)));
  return [...new Set([...writing.map(({ name }) => name), ...reactingTo(configs, platforms)])];
}

/** What {@link requireStill} looks at. */
export interface StillRequest {
  readonly syncs: Syncs;
  readonly configs: Configs;
  /** Platforms that are about to be written to. */
  readonly platforms: readonly string[];
  /** The person who accepts that automations react. */
  readonly acceptedBy: string | undefined;
  /** What to type with the name of the person, to accept it. */
  readonly accept: string;
}

/**
 * Looks whether automations that would react to what is about to be written are paused. Resolves to the names of those that are not,
 * which a person has accepted; none where all are. Throws `automations-running` where nobody has; one that cannot be asked is not known
 * to be paused.
 */
export async function requireStill(request: StillRequest, options?: CallOptions): Promise<readonly string[]> {
  const names = reactingTo(request.configs, request.platforms);
  if (names.length === 0) return [];
  const awake = (await request.syncs.views(names, options)).filter(({ status }) => status === undefined || status.state === 'running');
  if (awake.length === 0 || request.acceptedBy !== undefined) return awake.map(({ name }) => name);
  throw new RunbackError('automations-running', `Automations would react to what this writes: ${awake.map(({ name }) => name).join(', ')}`, {
    why: awake.map(whyOf).join('\n'),
    state: 'Nothing was written.',
    next: `Pause them: runback sync pause ${awake.map(({ name }) => name).join(' ')}\nOr accept it, by name: ${request.accept}`,
    data: { automations: awake.map(({ name }) => name) },
  });
}

function whyOf({ name, title, status, problem }: SyncView): string {
  const words = title === name ? name : `${title} (${name})`;
  return status === undefined ? `${words} cannot be asked, so it may be running: ${problem ?? 'it does not answer'}` : `${words} is running.`;
}
