import type { CallOptions } from '../../lib/index.js';
import type { ChangeDescription, ReadDescription } from '../descriptions/form.js';

/** What `{words}` and the variables of expressions stand for. */
export type Values = Readonly<Record<string, unknown>>;

/** How the calls of a description reach a tool. */
export interface Port {
  /** The variables of the answer to `status`: `status` and `body`, or `exit`, `stdout` and `json`. Throws `sync-failed`, `auth-refused`. */
  status(call: ReadDescription, given: Values, options?: CallOptions): Promise<Values>;
  /** What a read said: its body or its list, or what a program said as a group. */
  read(call: ReadDescription, given: Values, options?: CallOptions): Promise<unknown>;
  /**
   * Sends it once. `stale`: it was certainly refused since something had changed in between, as the description says.
   * `input`: what a program is given to read.
   */
  change(call: ChangeDescription, given: Values, input: string | undefined, options?: CallOptions): Promise<'sent' | 'stale'>;
}
