/**
 * The serving code under seeded load and faults on virtual time: every invariant, over as many seeds as asked for.
 * Prints JSON; a broken invariant with its seed, and exits 1.
 *
 *   npm run bench -- simulation [--seeds 100000] [--from 1]
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { drawFaultPlan, runFaultPlan } from '../dist/simulation/index.js';

const { values: options } = parseArgs({
  options: { seeds: { type: 'string', default: '100000' }, from: { type: 'string', default: '1' } },
});
const [seeds, from] = [Number(options.seeds), Number(options.from)];
const SHOWN = 20;

const broken = [];
const outcomes = {};
const totals = { sent: 0, batches: 0 };
const startMs = Date.now();
for (let seed = from; seed < from + seeds; seed++) {
  const result = await runFaultPlan(drawFaultPlan(seed));
  totals.sent += result.sent;
  totals.batches += result.batches;
  for (const [outcome, count] of Object.entries(result.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  if (result.broken === null) continue;
  broken.push({ seed, broken: result.broken });
  if (broken.length === SHOWN) break;
}
const seconds = (Date.now() - startMs) / 1000;
console.log(JSON.stringify({ bench: 'simulation', from, seeds, seconds, ...totals, outcomes, broken }, null, 2));
if (broken.length > 0) process.exitCode = 1;
