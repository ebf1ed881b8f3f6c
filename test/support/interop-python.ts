import { execFileSync, spawnSync } from 'node:child_process';
import process from 'node:process';

/** The script's way to say that the machine has no Python; anything else that goes wrong is an error. */
const NO_PYTHON = 3;

/**
 * The python of the interop environment (test/interop/requirements.txt), made by the first who asks. Null, with a loud
 * line, where the machine has no Python; in CI that is an error.
 */
export function interopPython(): string | null {
  const made = spawnSync('bash', ['scripts/interop-env.sh'], { encoding: 'utf8' });
  if (made.status === 0) return made.stdout.trim();
  const why = `${made.stderr.trim()} (code ${String(made.status)})`;
  if (made.status !== NO_PYTHON || process.env['CI'] !== undefined) throw new Error(`no interop environment: ${why}`);
  console.warn(`\n*** SKIPPED: tests against Python references: ${why} ***\n`);
  return null;
}

/** Runs a script of test/interop or examples to its end; its stdout. Throws with its stderr when it fails. */
export function runPython(python: string, args: readonly string[]): string {
  return execFileSync(python, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}
