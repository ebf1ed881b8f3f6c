import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { promoteFixture, payload, temporaryFolder } from '../support/fixture-registry.js';
import { freePort } from '../support/free-port.js';
import { post, until } from '../support/running-service.js';

/** The image's file tree without an engine: made in a folder, read-only, run by a user who owns nothing of it. */

const FILES = ['Dockerfile', 'Dockerfile.cuda'].map((name) => join('deploy/docker', name));
/** Debian's nobody. */
const STRANGER = 65_534;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('\n*** SKIPPED: the image’s tree run by another user: only root can become one ***\n');

const lint = (text: string): string[] => validate(text).map((problem) => JSON.stringify(problem.message));

describe('image', () => {
  it.each(FILES)('%s has no fault that a linter finds, and runs as nobody in particular', (path) => {
    const text = readFileSync(path, 'utf8');
    expect(lint(text)).toEqual([]);
    const last = text.slice(text.lastIndexOf('\nFROM '));
    expect(last).toContain('\nUSER 10001:10001\n');
    expect(last).toMatch(/\nHEALTHCHECK .*\n.*\/livez/);
    expect(last).not.toMatch(/npm (ci|install)/);
    for (const [, source] of text.matchAll(/(?:bash|sh) (\S+\.sh)/g)) expect(existsSync(source ?? '')).toBe(true);
    expect(lint('FROM\nUSER a b\nEXPOZE 1\n')).not.toEqual([]);
  });

  it.skipIf(!isRoot)('its tree serves, read-only, for a user who owns none of it', { timeout: 240_000 }, async () => {
    const tree = join(temporaryFolder(), 'app');
    execFileSync('bash', ['deploy/docker/make-tree.sh', tree], { encoding: 'utf8' });
    chmodSync(join(tree, '..'), 0o755);
    const platforms = execFileSync(
      'find',
      [join(tree, 'node_modules/onnxruntime-node/bin'), '-mindepth', '3', '-maxdepth', '3'],
      { encoding: 'utf8' },
    );
    expect(platforms.trim().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`/${process.platform}/${process.arch}$`)),
    ]);
    expect(existsSync(join(tree, 'node_modules/vitest'))).toBe(false);
    const writable = execFileSync('find', [tree, '-not', '-type', 'l', '-perm', '/222'], { encoding: 'utf8' });
    expect(writable).toBe('');

    const registry = temporaryFolder();
    await promoteFixture(registry);
    execFileSync('chmod', ['-R', 'a+rX', registry]);
    const port = await freePort();
    const child = spawn(process.execPath, [join(tree, 'dist/cli/main.js'), 'serve'], {
      cwd: '/',
      uid: STRANGER,
      gid: STRANGER,
      env: { NODE_ENV: 'production', FLTS_REGISTRY: registry, FLTS_PORT: String(port), FLTS_WORKERS: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      await until(async () => {
        if (child.exitCode !== null) throw new Error(log);
        return fetch(`${url}/ready`).then(
          (response) => response.ok,
          () => false,
        );
      }, 'it is ready');
      expect((await post({ url }, payload())).status).toBe(200);
    } finally {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      execFileSync('chmod', ['-R', 'u+w', tree]);
    }
    expect(child.exitCode).toBe(0);
  });
});
