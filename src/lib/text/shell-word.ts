/** A word as a POSIX shell takes it, quoted only where it has to be. */
export const shellWord = (word: string): string => (/^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** A command as it is typed into a POSIX shell. */
export const shellCommand = (words: readonly string[]): string => words.map(shellWord).join(' ');
