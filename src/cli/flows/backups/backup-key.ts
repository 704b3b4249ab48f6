import { isRunbackError, RunbackError } from '../../../lib/index.js';
import type { SecretRef } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';

/**
 * Tries the key of the backups on what would be encrypted now. Throws `snapshot-encrypted` where it opens nothing of
 * it, and what resolving the reference throws where it is not to be had.
 */
export async function requireBackupKey({ workspace, secret }: Session, identity: SecretRef): Promise<void> {
  const { decryptionWith, encryptionFor } = await import('../../../snapshots/index.js');
  const { encrypt } = workspace.config.backups;
  if (encrypt === undefined) return void (await secret(identity));
  const trial = await encryptionFor(encrypt.to).encrypt(Buffer.from('trial'));
  await decryptionWith(async () => await secret(identity))
    .decrypt(trial)
    .catch((error: unknown) => {
      if (isRunbackError(error)) throw error;
      throw new RunbackError('snapshot-encrypted', 'The key of backups.identity does not open what is encrypted now', {
        why: 'It belongs to none of the recipients in backups.encrypt.to.',
        state: 'Nothing was changed.',
        next: 'Correct one of the two in runback.yml. What belongs to a key: age-keygen -y FILE',
      });
    });
}
