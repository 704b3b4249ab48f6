/** Something in escalation.yml that would let an incident down. */
export interface LintFinding {
  /** Errors are refused; warnings are told. */
  readonly severity: 'error' | 'warning';
  /** Permanent: scripts may match on it. */
  readonly code: LintCode;
  readonly message: string;
  /** Where, in the names of the file: for `EscalationFile.at`. */
  readonly path: readonly (string | number)[];
}

export type LintCode =
  | 'uncovered'
  | 'no-contact'
  | 'contact-broken'
  | 'contact-never'
  | 'contact-order'
  | 'contact-twice'
  | 'unconfirmed'
  | 'never-on-call'
  | 'override-skipped'
  | 'key-twice'
  | 'approval-impossible'
  | 'approval-tight'
  | 'role-unheld'
  | 'severity-missing'
  | 'policy-unused'
  | 'never-told'
  | 'quiet-missing'
  /** Settings of a channel that its driver refuses: found by whoever may load drivers. */
  | 'channel-settings';

export function error(code: LintCode, message: string, path: LintFinding['path']): LintFinding {
  return { severity: 'error', code, message, path };
}

export function warning(code: LintCode, message: string, path: LintFinding['path']): LintFinding {
  return { severity: 'warning', code, message, path };
}
