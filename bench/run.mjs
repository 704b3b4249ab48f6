import { readdir } from 'node:fs/promises';
// npm run bench [-- line …]: measures each line of the speed table on this machine, both sides in the same run.
import { cpus, release, totalmem } from 'node:os';

const wanted = process.argv.slice(2);
const folder = new URL('lines/', import.meta.url);
const files = (await readdir(folder)).filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word))).sort();
if (files.length === 0) throw new Error(`No benchmark is called ${wanted.join(' or ')}`);

const rows = [];
for (const file of files) {
  const { measure } = await import(new URL(file, folder).href);
  process.stderr.write(`… ${file.replace('.mjs', '')}\n`);
  for (const row of await measure()) {
    rows.push(row);
    process.stderr.write(`  ${row.what}: ${row.ours} against ${row.against} → ${row.ratio} (reach ${row.reach}) ${row.verdict}\n`);
  }
}
const gigabytes = Math.round(totalmem() / 2 ** 30);
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'processor'}, ${gigabytes} GB, ${process.platform} ${release()}\n`,
);
console.log('| what | ours | against | ratio | reach | |\n| --- | --- | --- | --- | --- | --- |');
for (const row of rows) console.log(`| ${row.what} | ${row.ours} | ${row.against} | ${row.ratio} | ${row.reach} | ${row.verdict} |`);
