// Updates one document many times. Arguments: URL of the built store, of the built lib, state folder, name, times.
const [, , storeUrl, libUrl, dir, name, times] = process.argv;
const { openFileStore } = await import(storeUrl);
const { Redactor, systemClock } = await import(libUrl);
const document = openFileStore({ dir, clock: systemClock, redactor: new Redactor() }).document('counters', 'shared');
for (let n = 0; n < Number(times); n += 1)
  await document.update((current) => ({
    total: (current?.total ?? 0) + 1,
    by: { ...current?.by, [name]: (current?.by[name] ?? 0) + 1 },
  }));
