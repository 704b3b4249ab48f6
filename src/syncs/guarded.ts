import type { SendGuard } from '../lib/index.js';
import type { SyncController } from './controller.js';

/** A controller that changes its sync only where something holds, whoever calls it. `changes` is asked each time, and throws where it does not. */
export function guarded(controller: SyncController, changes: () => SendGuard): SyncController {
  return {
    ...controller,
    pause: async (options) => await controller.pause({ ...options, guard: changes() }),
    resume: async (options, kept) => await controller.resume({ ...options, guard: changes() }, kept),
    ...(controller.cancel && { cancel: async (options) => await controller.cancel?.({ ...options, guard: changes() }) }),
  };
}
