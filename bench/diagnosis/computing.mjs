// Work for a processor by amount, not by time: it takes longer where the processor is shared.

const WINDOW_MS = 50;
const WINDOWS = 7;

export function compute(turns) {
  let value = 1;
  for (let i = 0; i < turns; i++) value = Math.imul(value ^ i, 0x9e3779b1);
  return value;
}

/** Turns that this machine makes in a millisecond when nothing disturbs it: the most of several windows. */
export function turnsPerMs() {
  compute(1e6);
  let most = 0;
  for (let i = 0; i < WINDOWS; i++) {
    let turns = 0;
    const began = performance.now();
    while (performance.now() - began < WINDOW_MS) {
      compute(10_000);
      turns += 10_000;
    }
    most = Math.max(most, turns / (performance.now() - began));
  }
  return most;
}
