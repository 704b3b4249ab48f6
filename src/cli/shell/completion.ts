import type { CommandSpec } from './command.js';
import { GLOBAL_FLAGS } from './help.js';
import { NOUNS } from './nouns.js';

/**
 * The words that may follow a command line typed so far (without its program name; the last word may be unfinished or
 * empty). Knows nouns, verbs, flags and fixed choices.
 */
export async function completionWords(line: string, load: (noun: string) => Promise<readonly CommandSpec[]>): Promise<readonly string[]> {
  const words = line.split(/\s+/u);
  const unfinished = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter((word) => word !== '' && !word.startsWith('-'));
  const fitting = (candidates: readonly string[]): readonly string[] => candidates.filter((word) => word.startsWith(unfinished));
  const globals = GLOBAL_FLAGS.map(([flags]) => flags.split(' ')[0] ?? '');
  const noun = NOUNS.find((entry) => entry.name === before[0]);
  if (noun === undefined)
    return fitting(unfinished.startsWith('-') ? [...globals, '--help'] : before.length === 0 ? NOUNS.map((entry) => entry.name) : []);
  if (noun.verbs.length > 0 && before.length === 1 && !unfinished.startsWith('-')) return fitting(noun.verbs);
  const commands = await load(noun.name);
  const spec = commands.find((entry) => entry.verb === (noun.verbs.length === 0 ? undefined : before[1]));
  if (unfinished.startsWith('-')) return fitting([...(spec?.options ?? []).map((option) => option.flags.split(' ')[0] ?? ''), ...globals, '--help']);
  const place = before.length - (noun.verbs.length === 0 ? 1 : 2);
  const previous = words.at(-2) ?? '';
  const option = spec?.options?.find((entry) => entry.flags.startsWith(`${previous} `));
  return fitting(option?.choices ?? spec?.args?.[place]?.choices ?? []);
}

/** The script that makes a shell ask `runback completion <shell> --words <line>`. */
export function completionScript(shell: string): string {
  const ask = (line: string): string => `runback completion ${shell} --words=${line} 2>/dev/null`;
  if (shell === 'zsh')
    return `#compdef runback
_runback() {
  local -a words_found
  words_found=(\${(f)"$(${ask('"${(j: :)words[2,$CURRENT]}"')})"})
  if (( \${#words_found} )); then compadd -- $words_found; else _files; fi
}
compdef _runback runback`;
  if (shell === 'fish')
    return `function __runback_words
  set -l line (commandline -cp)
  ${ask('(string replace -r "^\\S+\\s*" "" -- $line | string collect --allow-empty)')}
end
complete -c runback -a '(__runback_words)'`;
  return `_runback() {
  local line="\${COMP_LINE:0:$COMP_POINT}"
  local found
  case "$line" in *" "*) line="\${line#* }" ;; *) line="" ;; esac
  found="$(${ask('"$line"')})"
  if [ -n "$found" ]; then COMPREPLY=($(compgen -W "$found" -- "\${COMP_WORDS[COMP_CWORD]}")); else COMPREPLY=(); fi
}
complete -o default -F _runback runback`;
}
