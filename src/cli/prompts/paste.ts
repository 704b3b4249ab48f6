import { createInterface } from 'node:readline';

import type { PromptDeps } from './asker.js';

/** True where the lines so far are all of it: the last line has come, or the person gives up with two empty ones. */
export function pasteEnds(lines: readonly string[], last: RegExp): boolean {
  return lines.some((line) => last.test(line)) || (lines.length >= 2 && lines.slice(-2).every((line) => line.trim() === ''));
}

/** Reads several lines that arrive at once, as a paste does. A prompt of one line would lose all but the first. */
export function readPaste(deps: PromptDeps, message: string, last: RegExp): Promise<string> {
  const { stdin, output, signal } = deps;
  output.write(`${message}\n`);
  const reader = createInterface({ input: stdin, output, terminal: true, prompt: '' });
  const lines: string[] = [];
  return new Promise<string>((resolve, reject) => {
    let over = false;
    const end = (finish: () => void): void => {
      if (over) return;
      over = true;
      signal.removeEventListener('abort', stop);
      reader.close();
      finish();
    };
    const stop = (): void => end(() => reject(deps.interrupted()));
    reader.on('line', (line) => {
      lines.push(line);
      if (pasteEnds(lines, last)) end(() => resolve(lines.join('\n')));
    });
    reader.on('SIGINT', stop).on('close', stop);
    signal.addEventListener('abort', stop, { once: true });
  });
}
