import { formatDuration } from '../../lib/index.js';
import type { BackupSettings, DifferencesSettings, LagSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { FindingKind, Judgement } from '../types.js';
import { eventsUntil, latestOf } from './events.js';
import { counted, numberText } from './words.js';

type LevelSettings = BackupSettings | DifferencesSettings | LagSettings;

/** What a level that is too high means, how many looks in a row have to say so, and how it is said. */
const MEANINGS: Readonly<Record<LevelSettings['kind'], { readonly finding: FindingKind; readonly looks: number }>> = {
  backup: { finding: 'too-old', looks: 1 },
  differences: { finding: 'differences', looks: 1 },
  // One long run is no lag.
  lag: { finding: 'late', looks: 2 },
};

/** A level against its declared limit: the age of a backup, how far a sync is behind, records that differ. */
export function judgeLevel(settings: LevelSettings, history: SeriesHistory, at: Date): Judgement {
  const { finding, looks } = MEANINGS[settings.kind];
  const limit = settings.kind === 'differences' ? settings.above : settings.aboveMs;
  const levels = eventsUntil(history, at).filter((event) => event.kind === 'level');
  const latest = latestOf(levels);
  const { series } = history;
  if (latest === undefined) return { series, state: 'learning', says: 'Not measured yet.' };
  const facts = { series, found: latest.value, expected: limit, says: saysOf(settings, latest.value) };
  const last = levels.slice(-looks);
  if (last.length < looks || last.some(({ value }) => value <= limit))
    return { ...facts, state: 'well', ...(latest.value > limit ? { lingers: true } : {}) };
  const first = levels.findLastIndex(({ value }) => value <= limit) + 1;
  return { ...facts, state: 'wrong', finding, level: settings.level, since: (levels[first] ?? latest).at };
}

function saysOf(settings: LevelSettings, value: number): string {
  switch (settings.kind) {
    case 'backup':
      return `The last good snapshot of ${settings.job} is ${formatDuration(value)} old; ${formatDuration(settings.aboveMs)} is the limit.`;
    case 'lag':
      return `${settings.sync} is ${formatDuration(value)} behind; ${formatDuration(settings.aboveMs)} is the limit.`;
    case 'differences':
      return `${counted(value, 'record')} differ by ${settings.mapping}; ${numberText(settings.above)} is the limit.`;
  }
}
