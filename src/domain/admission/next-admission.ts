/** What admission looks at when a request arrives. */
export interface AdmissionSnapshot {
  /** Windows that wait for their first dispatch. */
  readonly queued: number;
  /** Most of them. */
  readonly maxQueued: number;
  readonly draining: boolean;
  /** Rows that the workers finish per second, as observed; 0 while nothing was observed. */
  readonly rowsPerSecond: number;
}

export type Admission =
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: 'queue_full' | 'draining'; readonly retryAfterS: number };

/** A client is not sent away for longer than this, whatever the queue. */
const MAX_RETRY_AFTER_S = 30;

/**
 * Whether a request of `rows` windows may join the queue. A full queue refuses at once, which is cheaper for both
 * sides than an answer that comes too late; `retryAfterS` is the time in which the queue as it stands is worked off.
 */
export function nextAdmission(snapshot: AdmissionSnapshot, rows: number): Admission {
  if (snapshot.draining) return { admit: false, reason: 'draining', retryAfterS: 1 };
  if (snapshot.queued + rows <= snapshot.maxQueued) return { admit: true };
  const drainS = snapshot.rowsPerSecond > 0 ? snapshot.queued / snapshot.rowsPerSecond : 1;
  return {
    admit: false,
    reason: 'queue_full',
    retryAfterS: Math.min(MAX_RETRY_AFTER_S, Math.max(1, Math.ceil(drainS))),
  };
}
