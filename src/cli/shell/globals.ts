/** The global flags as they stand after the command line and the environment were read. */
export interface Globals {
  readonly workspace: string | undefined;
  readonly json: boolean;
  /** False: never ask. */
  readonly input: boolean;
  readonly yes: boolean;
  readonly as: string | undefined;
  readonly accessible: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** False: no colour. Undefined: as the stream and the environment say. */
  readonly color: false | undefined;
}

const isOn = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';

/**
 * Global flags from anywhere on the command line before `--`, and `RUNBACK_*` for those not given. Read apart from the
 * parser of commands, so that a usage error is already rendered in the form that was asked for.
 */
export function readGlobals(words: readonly string[], env: NodeJS.ProcessEnv): Globals {
  const end = words.indexOf('--');
  const flags = end === -1 ? words : words.slice(0, end);
  const has = (flag: string, variable: string): boolean => flags.includes(flag) || isOn(env[variable]);
  const value = (flag: string, variable: string): string | undefined => {
    for (let i = flags.length - 1; i >= 0; i -= 1) {
      if (flags[i] === flag) return flags[i + 1];
      if (flags[i]?.startsWith(`${flag}=`)) return flags[i]?.slice(flag.length + 1);
    }
    return env[variable] === '' ? undefined : env[variable];
  };
  return {
    workspace: value('--workspace', 'RUNBACK_WORKSPACE'),
    json: has('--json', 'RUNBACK_JSON'),
    input: !has('--no-input', 'RUNBACK_NO_INPUT') && !isOn(env['CI']),
    yes: has('--yes', 'RUNBACK_YES'),
    as: value('--as', 'RUNBACK_AS'),
    accessible: has('--accessible', 'RUNBACK_ACCESSIBLE'),
    quiet: has('--quiet', 'RUNBACK_QUIET'),
    debug: has('--debug', 'RUNBACK_DEBUG'),
    color: has('--no-color', 'RUNBACK_NO_COLOR') ? false : undefined,
  };
}

/**
 * False on a console without such signs, and where the locale names a character set that has none of them (`LANG=C`).
 */
export function hasUnicode(env: NodeJS.ProcessEnv): boolean {
  if (env['TERM'] === 'linux' || env['TERM'] === 'dumb') return false;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  if (locale === undefined) return true;
  const charset = /\.([^@]+)/u.exec(locale)?.[1];
  return charset === undefined ? locale !== 'C' && locale !== 'POSIX' : /^utf-?8$/iu.test(charset);
}

/**
 * Colour depth for one stream, as chalk counts it (0 none, 1 sixteen, 2 256, 3 true colour). The flag wins, then
 * `FORCE_COLOR`, then `NO_COLOR`, then what the stream is.
 */
export function colorLevel(stream: { readonly isTTY?: boolean; getColorDepth?(): number }, globals: Globals, env: NodeJS.ProcessEnv): 0 | 1 | 2 | 3 {
  if (globals.color === false) return 0;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) {
    if (force === '0' || force === 'false') return 0;
    return force === '2' ? 2 : force === '3' ? 3 : 1;
  }
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return 0;
  if (stream.isTTY !== true || env['TERM'] === 'dumb') return 0;
  const depth = stream.getColorDepth?.() ?? 4;
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
