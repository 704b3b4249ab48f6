import { randomBytes } from 'node:crypto';

/** A key that nothing else has: the name, with sixteen random digits before its end. */
export function newKey(name: string): string {
  return `${name.replace(/\.zip$/u, '')}.${randomBytes(8).toString('hex')}.zip`;
}

/** The name of the file that lies under a key. */
export function nameOf(key: string): string {
  return key.replace(/\.[0-9a-f]{16}\.zip$/u, '.zip');
}
