import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts delay-server.mjs in a process of its own: what is measured must not share an event loop with the instrument.
 * `record()`: what it recorded since the last call, {delaysMs: ascending, lateMsP99: how late its event loop got to
 * timers}; `stall(afterMs, forMs)` blocks the whole process, later.
 */
export async function startDelayServer(law) {
  const child = fork(new URL('./delay-server.mjs', import.meta.url), [JSON.stringify(law)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  });
  const [line] = await once(child.stdout, 'data');
  const url = `http://127.0.0.1:${line.toString('utf8').trim()}`;
  return {
    url,
    record: async () => {
      const { delaysMs, lateMsP99 } = await (await fetch(`${url}/record`)).json();
      return { delaysMs: delaysMs.sort((a, b) => a - b), lateMsP99 };
    },
    stall: async (afterMs, forMs) => {
      await fetch(`${url}/stall?after=${afterMs}&for=${forMs}`);
    },
    close: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
