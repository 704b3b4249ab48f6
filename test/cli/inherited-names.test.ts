import { expect, test } from 'vitest';

import { temporaryFolder } from '../support/store.js';
import { jsonLines, runback } from './support/child.js';

test('names that every object inherits are unknown names of platforms, not bugs', { timeout: 240_000 }, async () => {
  const cwd = await temporaryFolder();
  await runback(['init', '--no-input'], { cwd });
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const ended = await runback(['snapshot', 'create', '--platform', name, '--no-input', '--json'], { cwd });
    expect(jsonLines(ended.stdout).at(-1)).toMatchObject({ ok: false, error: { code: 'not-found' } });
  }
});
