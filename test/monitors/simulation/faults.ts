import { Dice } from './dice.js';

export type FaultKind = 'stop' | 'half' | 'surge' | 'drift';

/** Three days for what comes at once, three weeks for what comes slowly. */
const LASTS: Readonly<Record<FaultKind, number>> = { stop: 72, half: 120, surge: 48, drift: 504 };

/** The same year with a fault from one hour on: what would have been counted had that happened. */
export function planted(values: readonly (number | null)[], kind: FaultKind, from: number, seed: number): readonly (number | null)[] {
  const dice = new Dice(seed);
  return values.map((value, i) => {
    const into = i - from;
    if (value === null || into < 0 || into >= LASTS[kind]) return value;
    switch (kind) {
      case 'stop':
        return 0;
      case 'half':
        return dice.binomial(value, 0.5);
      case 'surge':
        return value * 3;
      case 'drift':
        return dice.binomial(value, 1 - (0.6 * into) / LASTS.drift);
    }
  });
}
