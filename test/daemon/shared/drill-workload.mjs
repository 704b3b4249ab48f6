// Stands in for the program where a daemon runs the scheduled drills: writes down that it began and that it ended.
import { appendFileSync } from 'node:fs';

const file = process.env['RUNBACK_TEST_DRILLS'];
appendFileSync(file, `begun ${process.pid}\n`);
appendFileSync(file, `ended ${process.pid}\n`);
