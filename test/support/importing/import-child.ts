import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** How one import ended: `imported`, or the error's code. */
export interface ImportEnd {
  readonly code: string;
  readonly message: string;
}

/** No import of a small file takes as long, on the slowest machine. */
const HUNG_MS = 30_000;
const DIST = new URL('../../../dist/cli/', import.meta.url);

const PROGRAM = `
  import { PassThrough } from 'node:stream';
  import { importCommand } from ${JSON.stringify(new URL('commands/models-import.js', DIST).href)};
  import { asFltsError } from ${JSON.stringify(new URL('exit-codes.js', DIST).href)};
  import { Terminal } from ${JSON.stringify(new URL('terminal.js', DIST).href)};
  const sink = () => new PassThrough().resume();
  for (const args of JSON.parse(process.argv[2])) {
    const cli = { terminal: new Terminal(sink(), sink(), {}), env: {}, signal: new AbortController().signal, exitCode: 0 };
    const end = await importCommand(cli).exitOverride().parseAsync(args, { from: 'user' }).then(
      () => ({ code: 'imported', message: '' }),
      (error) => { const { code, message, cause } = asFltsError(error); return { code, message: code === 'FLTS_INTERNAL' ? String(cause?.stack) : message }; },
    );
    process.stdout.write(JSON.stringify(end) + '\\n');
  }
`;

/**
 * Runs the built `flts models import` once for each list of arguments, in one process of its own, so that a file which
 * kills or stops the process is named: throws an Error with its number (from 0).
 */
export async function importAll(folder: string, commands: readonly (readonly string[])[]): Promise<ImportEnd[]> {
  const program = join(folder, 'import-all.mjs');
  writeFileSync(program, PROGRAM);
  const child = spawn(process.execPath, [program, JSON.stringify(commands)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ends: ImportEnd[] = [];
  const watchdog = setTimeout(() => {
    child.kill('SIGKILL');
  }, HUNG_MS);
  for await (const line of createInterface(child.stdout)) {
    ends.push(JSON.parse(line) as ImportEnd);
    watchdog.refresh();
  }
  clearTimeout(watchdog);
  const [code, signal] = (await closed) as [number | null, string | null];
  if (ends.length < commands.length) {
    const how = `ended the process (${signal ?? code ?? '?'}; SIGKILL: it took ${HUNG_MS} ms)`;
    throw new Error(`import ${ends.length} ${how}: ${stderr.slice(-500)}`);
  }
  return ends;
}
