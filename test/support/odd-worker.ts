import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from './fixture-registry.js';
import { WORKER_URL } from './running-service.js';

/** The real inference thread with faults that a test can order. */
export interface OddWorker {
  readonly url: URL;
  /** Batches are held from now on, until `open`. */
  close(): void;
  open(): void;
}

/** A window that begins with this ends its thread, once. */
export const FATAL_CELL = 666;
/** A window that begins with this ends every thread that it comes to. */
export const DEADLY_CELL = 667;

export function oddWorker(): OddWorker {
  const folder = temporaryFolder();
  const [gate, died, file] = ['gate', 'died', 'odd-worker.mjs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    file,
    `import { existsSync, writeFileSync } from 'node:fs';
    import { parentPort } from 'node:worker_threads';
    await import(${JSON.stringify(WORKER_URL.href)});
    const never = new Int32Array(new SharedArrayBuffer(4));
    let window;
    parentPort.on('message', (message) => {
      if (message.kind === 'load') window = new Float32Array(message.window);
      if (message.kind !== 'run') return;
      // The real thread has begun, and goes on when this returns.
      while (existsSync(${JSON.stringify(gate)})) Atomics.wait(never, 0, 0, 5);
      if (window[0] === ${DEADLY_CELL}) process.exit(8);
      if (window[0] !== ${FATAL_CELL} || existsSync(${JSON.stringify(died)})) return;
      writeFileSync(${JSON.stringify(died)}, '');
      process.exit(7);
    });`,
  );
  return {
    url: pathToFileURL(file),
    close: () => {
      writeFileSync(gate, '');
    },
    open: () => {
      if (existsSync(gate)) rmSync(gate);
    },
  };
}
