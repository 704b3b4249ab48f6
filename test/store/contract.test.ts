import { storeContract } from '../contracts/store.js';
import { fileState } from './support.js';

storeContract('local files', fileState);
