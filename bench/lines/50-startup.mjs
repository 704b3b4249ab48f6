import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { main, paired, run } from '../support.mjs';

/** `runback --help`, and `status` in an empty workspace, against `node -e 0`. */
export async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  try {
    await mkdir(join(folder, '.runback'));
    await writeFile(join(folder, 'runback.yml'), 'version: 1\nplatforms: {}\n');
    const rows = [];
    for (const { what, args, reach } of [
      { what: '`runback --help`', args: ['--help'], reach: 1.3 },
      { what: '`status` in an empty workspace', args: ['--workspace', folder, 'status'], reach: 4 },
    ]) {
      await run(process.execPath, [main, ...args]);
      const { ours, theirs, ratio } = await paired(
        15,
        async () => (await run(process.execPath, [main, ...args])).seconds,
        async () => (await run(process.execPath, ['-e', '0'])).seconds,
      );
      rows.push({
        what,
        ours: `${(ours * 1000).toFixed(0)} ms`,
        against: `\`node -e 0\` ${(theirs * 1000).toFixed(0)} ms`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${reach} ×`,
        verdict: ratio <= reach ? 'reached' : 'MISSED',
      });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
