// Draws docs/screen.svg: the demo at the moment a person takes the groups that are damage, as a real terminal shows it.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const [columns, rows] = [96, 44];
const COLOURS = ['#3b4252', '#d05a63', '#6aa84f', '#d9a441', '#5b8dd9', '#a678c9', '#4fa8b0', '#d8dee9'];
const main = fileURLToPath(new URL('../dist/runback.js', import.meta.url));
const emulator = new xterm.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
const pty = spawn(process.execPath, [main, 'demo', '--small'], {
  name: 'xterm-256color',
  cols: columns,
  rows,
  env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', TZ: 'UTC', RUNBACK_AS: 'maya' },
});

const lines = () => Array.from({ length: rows }, (_, row) => emulator.buffer.active.getLine(emulator.buffer.active.baseY + row));
const text = () =>
  lines()
    .map((line) => line?.translateToString(true) ?? '')
    .join('\n');
await new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`the question did not come:\n${text()}`)), 60_000);
  pty.onData((data) =>
    emulator.write(data, () => {
      if (!/Which groups are damage\?[^]*select/.test(text())) return;
      clearTimeout(timer);
      resolve();
    }),
  );
});
await new Promise((resolve) => setTimeout(resolve, 300));

const escaped = (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const [wide, high] = [8.4, 18];
const spans = lines().flatMap((line, row) => {
  const found = [];
  for (let column = 0; column < (line ? columns : 0); column += 1) {
    const cell = line.getCell(column);
    const value = cell?.getChars() ?? '';
    if (value.trim() === '') continue;
    const colour = cell.isFgPalette() ? (COLOURS[cell.getFgColor() % 8] ?? '#d8dee9') : '#d8dee9';
    const style = `${cell.isBold() ? ' font-weight="bold"' : ''}${cell.isDim() ? ' opacity="0.6"' : ''}`;
    const last = found.at(-1);
    if (last && last.end === column && last.colour === colour && last.style === style) {
      last.value += value;
      last.end += cell.getWidth();
    } else found.push({ column, end: column + cell.getWidth(), colour, style, value });
  }
  return found.map(
    ({ column, end, colour, style, value }) =>
      `<text x="${(14 + column * wide).toFixed(1)}" y="${46 + row * high}" fill="${colour}"${style} textLength="${((end - column) * wide).toFixed(1)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escaped(value)}</text>`,
  );
});
const [width, height] = [28 + columns * wide, 60 + rows * high];
await writeFile(
  new URL('../docs/screen.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Runback shows what happened: groups of changes with examples and reasons, and asks which of them are damage; what the sync wrote rightly is left as ordinary work">
<rect width="${width}" height="${height}" rx="10" fill="#1f2430"/><circle cx="20" cy="18" r="5" fill="#d05a63"/><circle cx="38" cy="18" r="5" fill="#d9a441"/><circle cx="56" cy="18" r="5" fill="#6aa84f"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${spans.join('\n')}
</g></svg>
`,
);
pty.kill('SIGKILL');
// The emulator's timers would keep this process alive.
process.exit(0);
