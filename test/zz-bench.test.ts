import { it } from 'vitest';
import { compareRows } from '/work/wt/pair/src/restores/sets/compare-rows.js';
async function* rows(n: number, p: string) { for (let i = 0; i < n; i += 1) yield { key: p + i, match: `person${i}@example.com`, values: [`City ${i % 1000}`, `+1555${i}`] }; }
it('memory', async () => {
  for (const n of [100_000, 1_000_000]) {
    const before = process.memoryUsage().rss; const t = Date.now();
    let peak = 0; const counts = await compareRows(rows(n, 'a'), (async function* () { let i = 0; for await (const r of rows(n, 'b')) { if (i++ % 50_000 === 0) peak = Math.max(peak, process.memoryUsage().rss); yield r; } })(), (_, a, b) => a === b, () => {});
    console.log(n, counts.records, `${Math.round((Math.max(peak, process.memoryUsage().rss) - before) / 1e6)} MB`, Date.now() - t, 'ms');
  }
});
