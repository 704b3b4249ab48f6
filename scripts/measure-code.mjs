// node scripts/measure-code.mjs [folder]: what the closing table of a change of structure tells: lines of files,
// functions over 40 lines, the largest flat folder, lines over 120 columns. Prints one line each.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

import ts from 'typescript';

const LONG_FUNCTION = 40;
const LONG_LINE = 120;
const root = process.argv[2] ?? 'src';

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((name) => join(root, name))
  .filter((path) => path.endsWith('.ts') && statSync(path).isFile())
  .sort();
const lengths = [];
const functions = [];
const folders = new Map();
let longLines = 0;
for (const path of files) {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  lengths.push({ path, lines: lines.length - 1 });
  longLines += lines.filter((line) => line.length > LONG_LINE).length;
  const folder = relative('.', join(path, '..'));
  folders.set(folder, (folders.get(folder) ?? 0) + 1);
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const [from, to] = [node.getStart(), node.getEnd()].map((at) => source.getLineAndCharacterOfPosition(at).line);
      if (to - from + 1 > LONG_FUNCTION) functions.push({ where: `${path}:${from + 1}`, lines: to - from + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}
lengths.sort((a, b) => a.lines - b.lines);
functions.sort((a, b) => b.lines - a.lines);
const at = (share) => lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * share))];
const longest = lengths.at(-1);
console.log(`files: ${files.length}, lines: median ${at(0.5).lines}, p90 ${at(0.9).lines}, max ${longest.lines} (${longest.path})`);
console.log(
  `files over 300 lines: ${
    lengths
      .filter(({ lines }) => lines > 300)
      .map(({ path, lines }) => `${path} ${lines}`)
      .join(', ') || 'none'
  }`,
);
console.log(
  `functions over ${LONG_FUNCTION} lines: ${functions.length}${
    functions.length === 0
      ? ''
      : `, the longest ${functions
          .slice(0, 5)
          .map(({ where, lines }) => `${where} ${lines}`)
          .join(', ')}`
  }`,
);
const [folder, count] = [...folders].sort((a, b) => b[1] - a[1])[0];
console.log(`files in the largest flat folder: ${count} (${folder})`);
console.log(`lines over ${LONG_LINE} columns: ${longLines}`);
