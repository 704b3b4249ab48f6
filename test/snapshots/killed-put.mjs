// Begins to put a snapshot into a folder. Arguments: URL of the built driver, folder, name, bytes, `writing` or `checking`.
import { putAndStay } from './killed-put-stay.mjs';

const [, , driver, dir, ...put] = process.argv;
const { folderStorage } = await import(driver);
await putAndStay(folderStorage(dir), ...put);
