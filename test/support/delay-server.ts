import { fork } from 'node:child_process';
import { once } from 'node:events';

export interface DelayServer {
  readonly url: string;
  /** What the server recorded since the last call: each delay, ascending, and how late its event loop got to timers. */
  record(): Promise<{ readonly delaysMs: readonly number[]; readonly lateMsP99: number }>;
  /** Blocks the whole process, later. */
  stall(afterMs: number, forMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Delay laws of bench/metrology/delay-server.mjs. */
export type DelayLaw =
  | { readonly law: 'fixed' | 'exponential'; readonly ms: number; readonly errorEvery?: number }
  | { readonly law: 'bimodal'; readonly ms: number; readonly slowMs: number; readonly slowShare: number };

/** A server with a known delay law, in a process of its own: the instrument must not share its event loop. */
export async function startDelayServer(law: DelayLaw): Promise<DelayServer> {
  const child = fork(new URL('../../bench/metrology/delay-server.mjs', import.meta.url), [JSON.stringify(law)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${line.toString('utf8').trim()}`;
  return {
    url,
    record: async () => {
      const record = (await (await fetch(`${url}/record`)).json()) as { delaysMs: number[]; lateMsP99: number };
      return { ...record, delaysMs: record.delaysMs.sort((a, b) => a - b) };
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
