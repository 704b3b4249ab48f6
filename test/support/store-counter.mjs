// Updates one document many times. Arguments: URL of the built store, of the built lib, folder or URL of the state, name, times.
const [, , storeUrl, libUrl, place, name, times] = process.argv;
const { openStore } = await import(storeUrl);
const { Redactor, systemClock } = await import(libUrl);
const store = await openStore(place, { clock: systemClock, redactor: new Redactor() });
const document = store.document('counters', 'shared');
for (let n = 0; n < Number(times); n += 1)
  await document.update((current) => ({
    total: (current?.total ?? 0) + 1,
    by: { ...current?.by, [name]: (current?.by[name] ?? 0) + 1 },
  }));
await store.close();
