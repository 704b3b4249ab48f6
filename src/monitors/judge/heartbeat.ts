import { formatDuration, utcText } from '../../lib/index.js';
import type { HeartbeatSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Judgement } from '../types.js';
import { eventsUntil } from './events.js';

/** Whether a sync shows signs of life. One that ran and had nothing to do is well; one that did not run is silent. */
export function judgeHeartbeat({ sync, withinMs, level }: HeartbeatSettings, history: SeriesHistory, at: Date): Judgement {
  const { series } = history;
  const events = eventsUntil(history, at);
  const beat = events.findLast((event) => event.kind === 'beat');
  const known = beat ?? events[0];
  if (known === undefined) return { series, state: 'learning', says: `${sync} has not been looked at yet.` };
  const silentMs = Math.max(0, at.getTime() - Date.parse(known.at));
  const facts = { series, found: silentMs, expected: withinMs };
  const limit = `${formatDuration(withinMs)} is the limit.`;
  const said =
    beat === undefined
      ? `${sync} has not run since it is watched, from ${utcText(known.at, 'minute')} on`
      : `${sync} last ran at ${utcText(known.at, 'minute')}`;
  if (silentMs > withinMs) return { ...facts, state: 'wrong', finding: 'silent', level, since: known.at, says: `${said}; ${limit}` };
  if (beat === undefined) return { ...facts, state: 'learning', says: `${said}.` };
  return { ...facts, state: 'well', says: `${said}${beat.records === 0 ? ', and had nothing to do' : ''}.` };
}
