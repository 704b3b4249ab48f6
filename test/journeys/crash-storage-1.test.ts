import { sweepStorage } from './support/sweep-storage.js';

sweepStorage({ part: 1, of: 2 });
