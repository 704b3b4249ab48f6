import type { RatioSettings } from '../../workspace/index.js';
import type { Measurement } from '../types.js';
import type { Spent } from './budget.js';

/** The calls of an hour that has ended, and those of them that failed; undefined while it lasts, or where none was made. Pure. */
export function ratioOf(kept: Spent | undefined, now: Date): Measurement | undefined {
  if (kept === undefined || kept.hour >= Math.floor(now.getTime() / 3_600_000) || kept.calls === 0) return undefined;
  return { kind: 'ratio', hour: kept.hour, failed: Math.min(kept.failed, kept.calls), of: kept.calls };
}

/** The series of a monitor of errors: one for each platform. */
export const ratioSeries = ({ name, platforms }: RatioSettings) =>
  platforms.map((platform) => ({ platform, series: { monitor: name, of: platform } }));
