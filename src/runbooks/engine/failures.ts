import { isRunbackError, type ErrorCode } from '../../lib/index.js';
import type { ErrorClassName } from '../document/schema.js';

const CLASS_OF: Readonly<Partial<Record<ErrorCode, ErrorClassName>>> = {
  'platform-unreachable': 'transient',
  'platform-nonsense': 'transient',
  'sync-failed': 'transient',
  'drain-timeout': 'transient',
  'step-timeout': 'transient',
  'restore-incomplete': 'transient',
  'platform-limit': 'limit',
  'auth-missing': 'auth',
  'auth-refused': 'auth',
  'scope-missing': 'auth',
  'secret-missing': 'auth',
  locked: 'conflict',
};

/** The class of a failure, for `retry.on`. What is not known to pass by itself is permanent. */
export function classOf(error: unknown): ErrorClassName {
  return isRunbackError(error) ? (CLASS_OF[error.code] ?? 'permanent') : 'permanent';
}

const MAX_BACKOFF_MS = 300_000;

/** Milliseconds to wait before the next try, after `tries` tries. */
export function backoffMs(firstMs: number, tries: number): number {
  return Math.min(MAX_BACKOFF_MS, firstMs * 2 ** Math.max(0, tries - 1));
}
