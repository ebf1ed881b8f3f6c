export interface DelayServer {
  readonly url: string;
  /** What the server recorded since the last call: each delay, ascending, and how late its event loop got to timers. */
  record(): Promise<{ readonly delaysMs: readonly number[]; readonly lateMsP99: number }>;
  /** Blocks the whole process, later. */
  stall(afterMs: number, forMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Delay laws of delay-server.mjs. */
export type DelayLaw =
  | { readonly law: 'fixed' | 'exponential'; readonly ms: number; readonly errorEvery?: number }
  | { readonly law: 'bimodal'; readonly ms: number; readonly slowMs: number; readonly slowShare: number };

export function startDelayServer(law: DelayLaw): Promise<DelayServer>;
