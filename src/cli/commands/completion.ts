import type { CommandSpec } from '../shell/command.js';
import { completionScript, completionWords } from '../shell/completion.js';

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Print the completion script of a shell',
    details: 'Put the line of the example into the start-up file of your shell.',
    args: [{ name: 'shell', description: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'], kind: 'shell' }],
    options: [{ flags: '--words <line>', description: 'print the words that may follow; what the scripts call' }],
    examples: ['source <(runback completion bash)', 'runback completion fish > ~/.config/fish/completions/runback.fish'],
    run: async ({ input, commandsOf }) => {
      const line = input.text('words');
      if (line !== undefined) {
        const words = await completionWords(line, commandsOf);
        return { data: { words }, text: () => words.join('\n') };
      }
      const script = completionScript(input.required('shell'));
      return { data: { script }, text: () => script };
    },
  },
];
