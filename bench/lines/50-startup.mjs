import { main, paired, run } from '../support.mjs';

/** `runback --help` against `node -e 0`. */
export async function measure() {
  await run(process.execPath, [main, '--help']);
  const { ours, theirs, ratio } = await paired(
    15,
    async () => (await run(process.execPath, [main, '--help'])).seconds,
    async () => (await run(process.execPath, ['-e', '0'])).seconds,
  );
  return [
    {
      what: '`runback --help`',
      ours: `${(ours * 1000).toFixed(0)} ms`,
      against: `\`node -e 0\` ${(theirs * 1000).toFixed(0)} ms`,
      ratio: `${ratio.toFixed(2)} ×`,
      reach: '≤ 1.5 ×',
      verdict: ratio <= 1.5 ? 'reached' : 'MISSED',
    },
  ];
}
