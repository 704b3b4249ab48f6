import { NOUNS } from './nouns.js';

/** Global flags with their one-line descriptions: for the help, for completion, and for the parser. */
export const GLOBAL_FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ['--workspace <dir>', 'folder with runback.yml (default: this one or the nearest above)'],
  ['--json', 'one JSON object at the end on stdout; long work streams NDJSON before it'],
  ['--no-input', 'never ask; if a person is needed, end with exit 5'],
  ['--yes', 'answer harmless questions with yes; never enough for a destructive action'],
  ['--as <person>', 'who is acting; goes into every journal'],
  ['--accessible', 'no spinners, no redraw, one fact a line'],
  ['--quiet', 'results and errors only'],
  ['--debug', 'stack traces'],
  ['--no-color', 'no colours'],
];

/** What `runback --help` prints: plain text in 80 columns, made without loading any command. */
export function topLevelHelp(): string {
  const lines = [
    'Usage: runback <noun> [verb] [options]',
    '',
    'Undo a bad sync: pause the writers, keep the evidence, put back exactly what was',
    'damaged, prove it, resume.',
    '',
  ];
  for (const noun of NOUNS) {
    lines.push(`  ${noun.name.padEnd(11)} ${noun.summary}`);
    if (noun.verbs.length > 0) lines.push(...wrapWords(noun.verbs, 64).map((line) => `                ${line}`));
  }
  lines.push('', 'Options everywhere:');
  for (const [flags, description] of GLOBAL_FLAGS) {
    const [first = '', ...rest] = wrapWords(description.split(' '), 56);
    lines.push(`  ${flags.padEnd(19)} ${first}`, ...rest.map((line) => `                      ${line}`));
  }
  lines.push(
    '',
    'In trouble now?    runback runbook list    then    runback runbook run <id>',
    'About one command: runback <noun> <verb> --help',
    ...(NOUNS.some((noun) => noun.name === 'demo') ? ['First time?    runback demo'] : []),
    '',
  );
  return lines.join('\n');
}

function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
