import { describedContract } from '../../contracts/described.js';
import { n8n } from '../stubs/n8n.js';

describedContract(n8n);
