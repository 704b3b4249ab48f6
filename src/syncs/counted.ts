import { type CallLog, isRunbackError, messageOf } from '../lib/index.js';
import type { SyncController } from './controller.js';

/** A controller that tells a log what became of every call, under the name of its sync. */
export function countedSync(controller: SyncController, at: string, log: CallLog): SyncController {
  const counting = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      log.note({ at, call, of: '', outcome: 'ok' });
      return result;
    } catch (error) {
      const ours = isRunbackError(error);
      if (!ours || error.code !== 'interrupted')
        log.note({ at, call, of: '', outcome: ours ? error.code : 'bug', message: ours ? (error.why ?? error.message) : messageOf(error) });
      throw error;
    }
  };
  return new Proxy(controller, {
    get(target, name) {
      if (name === 'status')
        return async (...words: Parameters<SyncController['status']>) => await counting('status', async () => await target.status(...words));
      if (name === 'pause')
        return async (...words: Parameters<SyncController['pause']>) => await counting('pause', async () => await target.pause(...words));
      if (name === 'resume')
        return async (...words: Parameters<SyncController['resume']>) => await counting('resume', async () => await target.resume(...words));
      if (name === 'lastRun' && target.lastRun !== undefined)
        return async (...words: Parameters<NonNullable<SyncController['lastRun']>>) =>
          await counting('last run', async () => await target.lastRun?.(...words));
      if (name === 'cancel' && target.cancel !== undefined)
        return async (...words: Parameters<NonNullable<SyncController['cancel']>>) =>
          await counting('cancel', async () => await target.cancel?.(...words));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...words: unknown[]) => unknown).bind(target) : value;
    },
  });
}
