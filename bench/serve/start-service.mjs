/** Starts `flts serve` for a benchmark, and stops it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const MONITOR = fileURLToPath(new URL('./loop-monitor.mjs', import.meta.url));

/** The service with `args`, once a model serves: its process, its URL, and how long that took, ms. */
export async function startService(registry, args = [], env = {}, execArgv = []) {
  const startedAt = performance.now();
  const child = fork(MAIN, ['serve', '--registry', registry, '--port', '0', ...args], {
    execArgv: [...execArgv, '--import', MONITOR],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let log = '';
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    log += chunk;
    const url = /"url":"([^"]+)"/.exec(log)?.[1];
    if (url === undefined || !log.includes('"model taken"')) continue;
    child.stderr.resume();
    return { child, url, readyMs: performance.now() - startedAt };
  }
  throw new Error(`the service ended: ${log}`);
}

export async function stopService({ child }) {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** CPU time that the HTTP thread and the whole process have used, µs. */
export async function cpuUs(child) {
  child.send('cpu');
  const [answer] = await once(child, 'message');
  return answer.cpuUs;
}

/** Has a generator process make closed load; see generator.mjs. */
export async function load(generator, job) {
  generator.send(job);
  const [result] = await once(generator, 'message');
  if (result.error !== undefined) throw new Error(result.error);
  return result;
}

export function spread(list) {
  return { median: median(list), min: Math.min(...list), max: Math.max(...list) };
}

export function median(list) {
  return [...list].sort((x, y) => x - y)[Math.floor(list.length / 2)];
}
