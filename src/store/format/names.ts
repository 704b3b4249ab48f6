import { RunbackError } from '../../lib/index.js';

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._@+~-]{0,150}$/;

/** The name, if it can be part of a path without leaving its folder; else throws `usage`. */
export function safeName(name: string, what: string): string {
  if (SAFE_NAME.test(name) && !name.includes('..')) return name;
  throw new RunbackError('usage', `${JSON.stringify(name.slice(0, 80))} cannot be ${what}`, {
    why: 'Names consist of letters, digits, ".", "_", "-", "~", "@" and "+", begin with a letter or digit and hold no "..".',
    state: 'Nothing was read or written.',
  });
}
