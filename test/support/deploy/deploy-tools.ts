import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** The script's way to say that something is not installed; anything else that goes wrong is an error. */
const MISSING = 3;

export interface DeployTools {
  readonly helm: string;
  /** The parser of compose files. */
  readonly compose: string;
  /** Debian keeps servers where only root looks. */
  readonly env: Record<string, string>;
}

/**
 * The programs that the tests of deploy/ need (scripts/deploy-tools.sh). Null, with a loud line, where they are not
 * installed; in CI that is an error.
 */
export function deployTools(what: string): DeployTools | null {
  const found = spawnSync('bash', ['scripts/deploy-tools.sh', '--present'], { encoding: 'utf8' });
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`, HOME: process.env['HOME'] ?? '/tmp' };
  if (found.status === 0) {
    const [helm = '', compose = ''] = found.stdout.trim().split('\n');
    return { helm, compose, env };
  }
  const why = `${found.stderr.trim()} (code ${String(found.status)})`;
  if (found.status !== MISSING || process.env['CI'] !== undefined) throw new Error(`no tools for deploy/: ${why}`);
  console.warn(`\n*** SKIPPED: ${what}: ${why} ***\n`);
  return null;
}
