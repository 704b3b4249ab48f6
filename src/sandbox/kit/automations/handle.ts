import type { Automated } from '../../automation.js';
import type { TrueWriter } from '../../sandbox.js';
import type { Automations } from './automations.js';

/** What the seam offers of automations. `app`: whose token the sandbox's own is. */
export function automatedHandle(automations: Automations, app: string): Automated {
  return {
    app,
    automate: (automation) => automations.automate(automation),
    automations: () => automations.automations(),
    effects: () => automations.effects(),
    resetEffects: () => automations.resetEffects(),
    elapse: (ms) => automations.elapse(ms),
  };
}

/** The same writer: what is due runs before each write, and what it sets off after it. */
export function settlingWriter(automations: Automations, writer: TrueWriter): TrueWriter {
  const settling = <T>(write: () => T): T => {
    automations.settle();
    const done = write();
    automations.settle();
    return done;
  };
  return {
    create: (...given) => settling(() => writer.create(...given)),
    update: (...given) => settling(() => writer.update(...given)),
    remove: (...given) => settling(() => writer.remove(...given)),
    link: (...given) => settling(() => writer.link(...given)),
    unlink: (...given) => settling(() => writer.unlink(...given)),
  };
}
