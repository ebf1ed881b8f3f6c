// Reads the bundle in argv[2], summarises it as `flts report` does, and prints what that took.
import process from 'node:process';
import { buildReport, readRunBundle, writeReports } from '../../dist/report/index.js';

const began = performance.now();
const bundle = await readRunBundle(process.argv[2]);
const readS = (performance.now() - began) / 1000;
await writeReports(buildReport(bundle), process.argv[2], ['html', 'md', 'json']);
console.log(
  JSON.stringify({
    gaps: bundle.gaps,
    readS: Number(readS.toFixed(2)),
    totalS: Number(((performance.now() - began) / 1000).toFixed(2)),
    maxRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
