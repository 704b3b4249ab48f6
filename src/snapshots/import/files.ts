import type { Platform } from '../../connectors/index.js';
import type { CallOptions } from '../../lib/index.js';
import type { FileToImport, ImportRequest } from './examined.js';

/** As `fileToImport` of `import.ts`, whose reader of CSV is loaded only now. */
export async function fileToImport(request: ImportRequest, platform: Platform, options: CallOptions): Promise<FileToImport> {
  return await (await import('./import.js')).fileToImport(request, platform, options);
}
