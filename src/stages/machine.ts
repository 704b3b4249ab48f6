import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { shippedDir } from '../workspace/index.js';

/** The machine that programs on a stage run on, as far as it can go wrong. */
export interface StageMachine {
  /** Variables that let the programs feel it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Nothing can be written any more, until `freeDisk`. */
  fillDisk(): Promise<void>;
  freeDisk(): Promise<void>;
}

/** Has Node load what makes a program feel its machine. */
const PRELOAD = { NODE_OPTIONS: `--require ${JSON.stringify(join(shippedDir, 'dist', 'chunks', 'conditions.cjs'))}` };

/**
 * Lets a program wait, after each line that it prints, for a byte on its descriptor 3: what happens at a step happens
 * before that step does anything, however busy the machine is.
 */
export const waitingEnvironment: Readonly<Record<string, string>> = { ...PRELOAD, RUNBACK_STAGE_WAITS: 'yes' };

/** Lets a program that prints for people tell of the steps of its runs in the same way. */
export const tellingEnvironment: Readonly<Record<string, string>> = { ...PRELOAD, RUNBACK_STAGE_TELLS: 'yes' };

/** `flag`: path of a file that may come and go. `clockMs`: how far the wall clock is off. */
export function stageMachine(flag: string, clockMs = 0): StageMachine {
  return {
    environment: {
      ...PRELOAD,
      RUNBACK_STAGE_FULL: flag,
      ...(clockMs === 0 ? {} : { RUNBACK_STAGE_CLOCK_MS: String(clockMs) }),
    },
    fillDisk: async () => await writeFile(flag, ''),
    freeDisk: async () => await rm(flag, { force: true }),
  };
}
