import { defined, readMoment, RunbackError, showMoment } from '../../../lib/index.js';
import type { CommandContext } from '../../shell/command.js';

/** What a time on the command line is for. */
export interface TypedMoment {
  /** Name of the option, without its dashes. */
  readonly option: string;
  /** What a bare duration means. */
  readonly direction: 'past' | 'future';
  /** Refused where it does not lie on that side of now. */
  readonly only?: boolean;
  /** What was not done, for the refusal. */
  readonly state: string;
}

/**
 * Clocks of two machines may be this far apart: a time that somebody read off another one is not "to come" because of
 * that.
 */
const CLOCKS_APART_MS = 5 * 60_000;

/**
 * A time that a person typed on the command line, in the zone of the workspace unless it names its own. What was
 * understood is shown at once, in local time and in UTC. Throws `usage`.
 */
export async function typedMoment(context: Pick<CommandContext, 'session' | 'clock' | 'live'>, text: string, wanted: TypedMoment): Promise<Date> {
  const { option, direction, only = false, state } = wanted;
  const now = context.clock.now();
  const zone = await (await context.session()).zone();
  const read = readMoment(text, { now, zone, direction });
  const refusal = (problem: string, why?: string): RunbackError =>
    new RunbackError('usage', `--${option} cannot be "${text}": ${problem}`, {
      ...defined({ why }),
      state,
      next: `For example: --${option} ${direction === 'future' ? '2h' : `${now.toISOString().slice(0, 16)}Z`}`,
      data: { limit: option },
    });
  if (!read.ok) throw refusal(read.problem, read.why);
  const ahead = read.at.getTime() - now.getTime();
  if (only && (direction === 'future' ? ahead <= 0 : ahead > CLOCKS_APART_MS))
    throw refusal(`${showMoment(read.at, zone ?? 'UTC')}, ${ahead > 0 ? 'is in the future' : 'has already passed'}`);
  context.live.note(understood(`--${option}`, read.at, zone));
  if (read.note !== undefined) context.live.note(read.note);
  return read.at;
}

/** What a typed time was taken for: `--since is Sun 2026-11-22 09:00 EST, which is 2026-11-22 14:00 UTC`. */
export function understood(name: string, at: Date, zone: string | undefined): string {
  return `${name} is ${showMoment(at, zone ?? 'UTC')}`;
}
