import type { MonitorSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Judgement } from '../types.js';
import { DurationJudge } from './duration.js';
import { judgeForecast } from './forecast.js';
import { judgeHeartbeat } from './heartbeat.js';
import { judgeLevel } from './levels.js';
import { judgeRatio } from './ratio.js';
import { judgeTrials } from './trial.js';
import type { JudgeContext } from './types.js';
import { unmeasured } from './unmeasured.js';
import { VolumeJudge } from './volume.js';

/** Judges one series at any moment: what was measured later does not count. Keeps what it works out. */
export type SeriesJudge = (at: Date) => Judgement;

/** For many moments of one series, as a replay has them. */
export function seriesJudge(settings: MonitorSettings, history: SeriesHistory, context: JudgeContext): SeriesJudge {
  const judge = judgeOf(settings, history, context);
  return (at) => {
    const unknown = unmeasured(settings, history, at);
    if (unknown !== undefined && unknown !== 'once') return unknown;
    const judgement = judge(at);
    return unknown === 'once' && judgement.state !== 'wrong' ? { ...judgement, lingers: true } : judgement;
  };
}

/** What a series is like at a moment. Of histories that `remember` made it does not matter how much they had to forget. */
export function judgeSeries(settings: MonitorSettings, history: SeriesHistory, at: Date, context: JudgeContext): Judgement {
  return seriesJudge(settings, history, context)(at);
}

function judgeOf(settings: MonitorSettings, history: SeriesHistory, context: JudgeContext): SeriesJudge {
  switch (settings.kind) {
    case 'volume': {
      const judge = new VolumeJudge(settings, history, context);
      return (at) => judge.judge(at);
    }
    case 'duration': {
      const judge = new DurationJudge(settings, history, context);
      return (at) => judge.judge(at);
    }
    case 'ratio':
      return (at) => judgeRatio(settings, history, at);
    case 'forecast':
      return (at) => judgeForecast(settings, history, at);
    case 'heartbeat':
      return (at) => judgeHeartbeat(settings, history, at);
    case 'backup':
    case 'differences':
    case 'lag':
      return (at) => judgeLevel(settings, history, at);
    case 'trial':
    case 'schema':
    case 'mapping':
      return (at) => judgeTrials(settings, history, at);
  }
}
