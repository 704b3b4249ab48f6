/** One noun of the command line. Light data: `--help` and shell completion read it without loading any command. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  /** Verbs in the order of the help; empty where the noun itself is the command. */
  readonly verbs: readonly string[];
}

/** Every noun, in the order in which the help lists them. */
export const NOUNS: readonly Noun[] = [
  { name: 'init', summary: 'Make this folder a workspace (runback.yml and its folders)', verbs: [] },
  { name: 'completion', summary: 'Tab completion for bash, zsh or fish', verbs: [] },
];
