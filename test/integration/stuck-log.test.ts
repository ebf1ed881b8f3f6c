import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { expect, it } from 'vitest';

const TELEMETRY = new URL('../../dist/telemetry/index.js', import.meta.url).href;
const LINES = 3000;
const SCRIPT = `
import { createLogger } from ${JSON.stringify(TELEMETRY)};
if (process.argv[1] === 'touched') process.stderr.isTTY;
const log = createLogger('info');
for (let i = 0; i < ${LINES}; i++) log.info('line', { i, filling: 'x'.repeat(1000) });
process.stdout.write('goes on\\n');
process.stdin.resume();
`;

// Once Node has looked at stderr, a full pipe is an error instead of a wait.
it.each(['untouched', 'touched'])(
  'nobody reads the log: the process goes on, and says later what was dropped (%s)',
  async (how) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, how], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await once(child.stdout, 'data');
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('log lines dropped')) child.stdin.end();
    });
    await once(child, 'close');
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; i?: number; lines?: number });
    const kept = lines.filter((line) => line.event === 'line').map((line) => line.i);
    expect(kept).toEqual(Array.from(kept, (_, i) => i));
    expect(kept.length).toBeGreaterThan(900);
    const dropped = lines.filter((line) => line.event === 'log lines dropped').map((line) => line.lines);
    expect(dropped).toEqual([LINES - kept.length]);
  },
);
