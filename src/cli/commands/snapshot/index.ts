import type { CommandSpec } from '../../shell/command.js';
import { acceptVerb } from './accept.js';
import { adoptVerb } from './adopt.js';
import { catVerb } from './cat.js';
import { createVerb } from './create.js';
import { deleteVerb } from './delete.js';
import { exportVerb } from './export.js';
import { fetchVerb } from './fetch.js';
import { importVerb } from './import.js';
import { listVerb } from './list.js';
import { pinVerb } from './pin.js';
import { reEncryptVerb } from './re-encrypt.js';
import { showVerb } from './show.js';
import { verifyVerb } from './verify.js';

/** The verbs of `runback snapshot`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [
  createVerb,
  importVerb,
  listVerb,
  showVerb,
  verifyVerb,
  adoptVerb,
  acceptVerb,
  catVerb,
  exportVerb,
  pinVerb,
  reEncryptVerb,
  fetchVerb,
  deleteVerb,
];
