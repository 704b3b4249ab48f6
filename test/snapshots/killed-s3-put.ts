import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import type { S3Client, S3Credentials } from '../../src/snapshots/index.js';
import type { StorageUnderTest } from '../contracts/snapshot-storage.js';
import { builtModule } from '../support/crash.js';

const script = fileURLToPath(new URL('killed-s3-put.mjs', import.meta.url));

/** Puts into a bucket by a process of its own, which is ended in the middle. */
export function killedS3Put({
  dir,
  ...settings
}: {
  readonly place: S3Client['place'];
  readonly credentials: S3Credentials;
  readonly dir: string;
}): StorageUnderTest['killedPut'] {
  return async (name, bytes, when) => {
    const words = [script, builtModule('snapshots/index.js'), JSON.stringify(settings), dir, name, String(bytes), when];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    if (said.toString() !== `${when}\n`) throw new Error(`the process that puts ${name} says ${said.toString()}`);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
}
