import type { MappingSettings, SchemaSettings, TrialSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Judgement } from '../types.js';
import { eventsUntil } from './events.js';

type TrialLike = TrialSettings | SchemaSettings | MappingSettings;

/** Something that is tried and goes well or not: wrong if so many of the last ones failed, and the last one did. */
export function judgeTrials(settings: TrialLike, history: SeriesHistory, at: Date): Judgement {
  const [fail, of] = settings.kind === 'trial' ? [settings.fail, settings.of] : [1, 1];
  const { series } = history;
  const trials = eventsUntil(history, at).filter((event) => event.kind === 'trial');
  const latest = trials.at(-1);
  if (latest === undefined) return { series, state: 'learning', says: 'Not tried yet.' };
  const failed = trials.slice(-of).filter(({ passed }) => !passed);
  const facts = { series, found: failed.length, expected: fail };
  if (failed.length === 0)
    return { ...facts, state: 'well', says: of === 1 ? 'As it was accepted.' : `None of the last ${Math.min(of, trials.length)} failed.` };
  const why = failed.at(-1)?.why;
  const says = `${failed.length} of the last ${Math.min(of, trials.length)} failed${why === undefined ? '' : `: ${why}`}.`.replace(/\.\.$/u, '.');
  if (failed.length < fail || latest.passed) return { ...facts, state: 'well', lingers: true, says };
  return {
    ...facts,
    state: 'wrong',
    finding: latest.finding ?? (settings.kind === 'trial' ? 'canary-lost' : 'schema-changed'),
    level: settings.level,
    since: (trials[trials.findLastIndex(({ passed }) => passed) + 1] ?? latest).at,
    says,
  };
}
