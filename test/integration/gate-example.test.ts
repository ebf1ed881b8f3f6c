import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../support/free-port.js';
import { MAIN, run } from '../support/run-flts.js';

const EXAMPLE = 'examples/gate-pull-request';

/** A service that waits so long before each answer, and is ready at once. */
const service = (delayMs: number): string => `
  const { createServer } = require('node:http');
  createServer((request, reply) => {
    request.resume();
    const answer = () => reply.setHeader('content-type', 'application/json').end('{"ok":[1]}');
    if (request.method === 'GET') answer();
    else setTimeout(answer, ${delayMs});
  }).listen(Number(process.env.PORT), '127.0.0.1');
`;

describe('the example of a gate', () => {
  it('measures A B A B and finds the slower build', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flts-gate-'));
    try {
      mkdirSync(join(folder, 'gate'));
      for (const [name, delayMs] of [
        ['a', 10],
        ['b', 300],
      ] as const)
        writeFileSync(join(folder, `${name}.cjs`), service(delayMs));
      writeFileSync(
        join(folder, 'scenario.yaml'),
        'name: gate\nrequest: {path: /x, template: "{}", expect: {status: [200], fields: [/ok/0]}}\nphases: [{name: steady, users: 5, requests_per_user: 10}]\n',
      );
      const { code, stdout, stderr } = await run('bash', [resolve(EXAMPLE, 'compare-builds.sh')], {
        cwd: folder,
        env: {
          START_A: `"${process.execPath}" a.cjs`,
          START_B: `"${process.execPath}" b.cjs`,
          FLTS: `${process.execPath} ${MAIN}`,
          SCENARIO: 'scenario.yaml',
          ROUNDS: '4',
          // The median stays where the delay is, however busy the machine.
          METRIC: 'p50',
          PORT: String(await freePort()),
        },
      });
      expect(readdirSync(join(folder, 'gate')).filter((name) => /^[ab]-\d$/.test(name))).toHaveLength(8);
      expect(stdout, stderr).toMatch(/WORSE {2}p50@steady of B is worse/);
      expect(code).toBe(99);
      expect(readFileSync(join(folder, 'gate/comment.md'), 'utf8')).toContain('❌ Load test: worse');
      expect(existsSync(join(folder, 'gate/compare.xml'))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);

  it('is called by the workflow with what it takes', () => {
    const workflow = parse(readFileSync(join(EXAMPLE, 'workflow.yaml'), 'utf8')) as {
      jobs: { compare: { steps: { run?: string; env?: Record<string, string> }[] } };
    };
    const script = readFileSync(join(EXAMPLE, 'compare-builds.sh'), 'utf8');
    const step = workflow.jobs.compare.steps.find(({ run: command }) => command?.includes('compare-builds.sh'));
    expect(Object.keys(step?.env ?? {})).toEqual(['START_A', 'START_B', 'FLTS']);
    for (const name of Object.keys(step?.env ?? {})) expect(script).toContain(name);
    expect(script).toContain('$OUT/comment.md');
    expect(parse(readFileSync(join(EXAMPLE, 'scenario.yaml'), 'utf8'))).toMatchObject({ name: 'gate' });
  });
});
