import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds the shipped runback.yml, runbooks and escalation.yml: the top of the package. */
const shipped = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Lays a copy of the shipped sample workspace into a folder, its addresses replaced by those of the local servers. The token becomes a
 * file of that folder, readable by its owner only.
 */
export async function writeSampleWorkspace(
  folder: string,
  addresses: { readonly hubspot: string; readonly sync: string; readonly token: string },
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const sample = await readFile(join(shipped, 'runback.yml'), 'utf8');
  const text = sample
    .replace('http://127.0.0.1:48620', addresses.hubspot)
    .replace('http://127.0.0.1:48621', addresses.sync)
    .replace('env:HUBSPOT_TOKEN', 'file:sandbox.token');
  await writeFile(join(folder, 'runback.yml'), text);
  await writeFile(join(folder, 'sandbox.token'), addresses.token, { mode: 0o600 });
  await cp(join(shipped, 'runbooks'), join(folder, 'runbooks'), { recursive: true });
  await cp(join(shipped, 'escalation.yml'), join(folder, 'escalation.yml'));
}
