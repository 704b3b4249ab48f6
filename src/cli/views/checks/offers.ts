import type { Offer } from '../../../checks/index.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { displayWidth } from '../text/width.js';

/** What can be done, below what was found: each command can be pasted as it stands, over several lines too. */
export function offerText(offers: readonly Offer[], style: Style): string {
  if (offers.length === 0) return '';
  return [
    style.chalk.bold('What to do'),
    ...offers.flatMap(({ what, command }) => [`  ${visible(what)}:`, ...pasted(command, style.width - 4)]),
  ].join('\n');
}

/** A command over as many lines as it takes: a shell reads those that end in `\` as one. */
function pasted(command: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of command.split(/ (?=--)/u)) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width - 2) {
      lines.push(`    ${line} \\`);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, `    ${line}`];
}
