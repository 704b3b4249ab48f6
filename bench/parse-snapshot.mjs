// Reads every record of a snapshot and parses it, and nothing else: what anything that looks at records cannot do without.
import { openSnapshot } from '../dist/snapshots/index.js';

for (const path of process.argv.slice(2)) {
  const reader = await openSnapshot(path);
  let records = 0;
  for (const info of reader.manifest.objects)
    for await (const lines of reader.lines(info)) for (const line of lines) if (JSON.parse(line).key !== undefined) records += 1;
  await reader.close();
  console.log(records);
}
