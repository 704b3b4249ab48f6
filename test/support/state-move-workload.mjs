// Moves a state in a process of its own, for kill -9. Arguments: URL of the built store, of the built lib, from, to.
const [, , storeUrl, libUrl, from, to] = process.argv;
const { moveState, openPlace } = await import(storeUrl);
const { systemClock } = await import(libUrl);
const [old, now] = [await openPlace(from, systemClock), await openPlace(to, systemClock)];
console.log(JSON.stringify(await moveState(old, now)));
await old.close();
await now.close();
