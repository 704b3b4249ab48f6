// Loaded with `node --require` into a process under test: its wall clock is off by RUNBACK_TEST_CLOCK_MS, as that of a
// laptop may be. What measures durations is right, and so are files and servers. There is no such switch in the
// product.
const offset = Number(process.env.RUNBACK_TEST_CLOCK_MS ?? 0);
delete process.env.RUNBACK_TEST_CLOCK_MS;
const Right = Date;

globalThis.Date = class Date extends Right {
  constructor(...values) {
    if (values.length === 0) super(Right.now() + offset);
    else super(...values);
  }

  static now() {
    return Right.now() + offset;
  }
};
