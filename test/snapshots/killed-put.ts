import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import type { StorageUnderTest } from '../contracts/snapshot-storage.js';
import { builtModule } from '../support/crash.js';

/**
 * Puts by a process of its own, which is ended in the middle. `script` lies in this folder; before name, bytes and moment it
 * is given the built `module` and `place`.
 */
export function killedPutOf(script: string, module: string, place: readonly string[]): StorageUnderTest['killedPut'] {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return async (name, bytes, when) => {
    const words = [path, builtModule(module), ...place, name, String(bytes), when];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    if (said !== when) throw new Error(`the process that puts ${name} says ${said}`);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
}
