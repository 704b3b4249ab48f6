import { sweepStorage } from './support/sweep-storage.js';

sweepStorage({ part: 2, of: 2 });
