// tsc → dist/, incremental; outputs whose source has gone are removed, so that dist/ is what src/ says.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

for (const path of readdirSync('dist', { recursive: true })) {
  if (path.endsWith('.js') && !existsSync(join('src', path.replace(/\.js$/, '.ts')))) rmSync(join('dist', path));
}
chmodSync('dist/cli/main.js', 0o755);
