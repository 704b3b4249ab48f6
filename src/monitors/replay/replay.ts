import type { SeriesHistory } from '../baseline/history.js';
import type { ReplayResult, ReplaySpan, ReplayVariant } from './types.js';

/** What settings would have said in a time that has passed. The same histories give the same result, whenever it is asked for. */
export function replay(_histories: readonly SeriesHistory[], _settings: ReplayVariant['settings'], span: ReplaySpan): ReplayResult {
  return { from: span.from.toISOString(), to: span.to.toISOString(), variants: [] };
}
