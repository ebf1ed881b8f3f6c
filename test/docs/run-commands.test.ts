import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interopPython } from '../support/interop-python.js';

/**
 * Every ```sh block of the README and the guides is run as it stands, in the order of the page, in one empty folder a
 * page. `npx flts` becomes the built command line, port 8000 a free one, `python examples/` the interop environment's.
 * ```console blocks are shown, not run.
 */
const MAIN = resolve('dist/cli/main.js');
const PAGES = ['README.md', ...readdirSync('docs/guides').map((name) => join('docs/guides', name))].filter((path) =>
  path.endsWith('.md'),
);
/** A guide's own Python, which needs the packages of the interop tests. */
const PYTHON_EXAMPLE = 'python examples/';
const PAGE_TIMEOUT_MS = 300_000;

function commandsOf(page: string): string {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((block) => block[1] ?? '');
  return blocks.join('\n');
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        done(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

/** Runs a script in a process group of its own, so that what it left in the background ends with it. */
function run(script: string, folder: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn('bash', ['-euo', 'pipefail', script], { cwd: folder, detached: true });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', fail);
    child.once('exit', (code) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      } catch (error) {
        // Nothing was left in the background.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
      done({ code, output });
    });
  });
}

describe('commands in the documentation', () => {
  for (const page of PAGES.filter((path) => commandsOf(path) !== '')) {
    const python = commandsOf(page).includes(PYTHON_EXAMPLE) ? interopPython() : '';
    it.skipIf(python === null)(
      `${page} runs as it stands`,
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'flts-docs-'));
        try {
          const port = await freePort();
          const script = commandsOf(page)
            .replaceAll(PYTHON_EXAMPLE, `"${python ?? ''}" "${resolve('examples')}"/`)
            .replaceAll('npx flts', `"${process.execPath}" "${MAIN}"`)
            .replaceAll('8000', String(port))
            .replaceAll(/(main\.js" serve)/g, `$1 --port ${port}`);
          const path = join(folder, 'commands.sh');
          writeFileSync(path, script);
          const { code, output } = await run(path, folder);
          expect(code, output).toBe(0);
        } finally {
          rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
        }
      },
      PAGE_TIMEOUT_MS,
    );
  }
});
