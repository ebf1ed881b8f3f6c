import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScenarioPhase } from '../../src/contract/index.js';
import { runLoadTest } from '../../src/loadtest/index.js';
import { type DelayServer, startDelayServer } from '../../bench/metrology/start-delay-server.mjs';

/** A generator that is held on one processor beside loops that want it, too: what it reads is wrong, and it has to know. */
const GENERATOR = new URL('../../dist/loadtest/generator/generator-process.js', import.meta.url);
/** One loop leaves half a processor, and is at the limits of what matters; four leave turns of some milliseconds. */
const BUSY_LOOPS = 4;

const canPin = process.platform === 'linux' && hasTaskset();

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true']);
    return true;
  } catch {
    return false;
  }
}

let folder: string;
let server: DelayServer;
let loops: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flts-starved-'));
  server = await startDelayServer({ law: 'fixed', ms: 3 });
  loops = Array.from({ length: BUSY_LOOPS }, () => spawn('taskset', ['-c', '0', process.execPath, '-e', 'for(;;);']));
});
afterEach(async () => {
  for (const loop of loops) loop.kill('SIGKILL');
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function starved(phase: Omit<ScenarioPhase, 'name'>) {
  const pinned = join(folder, 'pinned.mjs');
  writeFileSync(
    pinned,
    `import { execFileSync } from 'node:child_process';
execFileSync('taskset', ['-pc', '0', String(process.pid)], { stdio: 'ignore' });
await import(${JSON.stringify(GENERATOR.href)});`,
  );
  const { run } = await runLoadTest({
    target: server.url,
    outDir: join(folder, 'run'),
    version: 'test',
    generatorUrl: new URL(`file://${pinned}`),
    nullUrl: '/nowhere',
    scenario: {
      generators: 1,
      request: { path: '/work', check: 'json' },
      phases: [{ name: 'p', kind: 'custom', duration_s: 3, ...phase }],
    },
  });
  return run;
}

describe.skipIf(!canPin)('a generator that is pinned beside busy loops', () => {
  it.each([{ users: 1 }, { users: 8 }, { users: 8, think_s: 0.02 }, { users: 64 }, { rate: 200 }, { rate: 1_000 }])(
    'makes the run INVALID: %j',
    async (phase) => {
      const run = await starved(phase);
      expect(run.verdict, JSON.stringify(run.phases[0], null, 1)).toBe('INVALID');
      expect(run.validity?.reasons.join(' ')).toMatch(/for a processor|late or more|busy|sent in time/);
    },
  );
});
