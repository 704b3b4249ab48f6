import { isRunbackError } from '../../lib/index.js';
import type { Document } from '../../store/index.js';

/** A document that can be made again from elsewhere: one that is damaged is taken away, so that it can. */
export async function unlessDamaged<T>(document: Document<T>): Promise<T | undefined> {
  return await document.read().catch(async (error: unknown) => {
    if (!isRunbackError(error, 'document-damaged')) throw error;
    await document.delete();
    return undefined;
  });
}
