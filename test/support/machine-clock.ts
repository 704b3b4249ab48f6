import { writeFileSync } from 'node:fs';

import type { Reporter, TestModule } from 'vitest/node';

/** A step below this is the machine's own way of keeping time. */
const STEP_MS = 100;
const LOOK_MS = 250;

const offset = (): number => Date.now() - performance.now();

/**
 * Tells when the clock of this machine was set while tests ran, as that of a new machine is once it has asked for the
 * time: many of them tell what came first by it, as the program does, so that a failure then says nothing. The files
 * that failed in such a run are kept in the one that RUNBACK_TEST_AGAIN names, a line each: `.ci/run` tests them again.
 */
export class MachineClock implements Reporter {
  readonly #steps: string[] = [];
  #before = offset();

  onInit(): void {
    setInterval(() => this.#look(), LOOK_MS).unref();
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    this.#look();
    if (this.#steps.length === 0) return;
    process.stderr.write(`${this.#steps.join('\n')}\n`);
    const failed = modules.filter((one) => !one.ok()).map(({ relativeModuleId }) => `${relativeModuleId}\n`);
    const file = process.env['RUNBACK_TEST_AGAIN'];
    if (file !== undefined) writeFileSync(file, failed.join(''));
  }

  #look(): void {
    const stepMs = Math.round(offset() - this.#before);
    if (Math.abs(stepMs) < STEP_MS) return;
    this.#before += stepMs;
    this.#steps.push(`The clock of this machine was set by ${stepMs > 0 ? '+' : ''}${stepMs} ms while tests ran, to ${new Date().toISOString()}.`);
  }
}
