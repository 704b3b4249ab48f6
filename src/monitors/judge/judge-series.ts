import type { MonitorSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Judgement } from '../types.js';
import type { JudgeContext } from './types.js';
import { VolumeJudge } from './volume.js';

/** Judges one series at any moment: what was measured later does not count. Keeps what it works out. */
export type SeriesJudge = (at: Date) => Judgement;

/** For many moments of one series, as a replay has them. */
export function seriesJudge(settings: MonitorSettings, history: SeriesHistory, context: JudgeContext): SeriesJudge {
  if (settings.kind === 'volume') {
    const judge = new VolumeJudge(settings, history, context);
    return (at) => judge.judge(at);
  }
  return () => ({ series: history.series, state: 'well', says: 'Not judged.' });
}

/** What a series is like at a moment. Of histories that {@link remember} made it does not matter how much they had to forget. */
export function judgeSeries(settings: MonitorSettings, history: SeriesHistory, at: Date, context: JudgeContext): Judgement {
  return seriesJudge(settings, history, context)(at);
}
