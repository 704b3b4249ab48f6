import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The folder of real, messy input that stands beside the repository, or undefined where it is missing: such tests are
 * then skipped with the reason printed. RUNBACK_TEST_DATA names another place.
 */
export function sharedDataDir(): string | undefined {
  const candidates = [process.env['RUNBACK_TEST_DATA'], fileURLToPath(new URL('../../../shared/data', import.meta.url))];
  return candidates.find((folder): folder is string => folder !== undefined && existsSync(folder));
}
