/** Why a request is refused before anything is done for it. */
export type RefusalReason =
  | 'draining'
  | 'over_share'
  | 'queue_full'
  | 'steps_full'
  | 'limit_reached'
  | 'predicted_late';

/** What admission looks at when a request arrives. */
export interface AdmissionSnapshot {
  readonly draining: boolean;
  /** Windows that wait for their first dispatch, and the most of them. */
  readonly queued: number;
  readonly maxQueued: number;
  /** Forecast steps of all admitted requests (windows × horizon), and the most of them. */
  readonly stepsInFlight: number;
  readonly maxStepsInFlight: number;
  /** Requests admitted and not yet ended, and the most of them; Infinity without a limit. */
  readonly requestsInSystem: number;
  readonly maxRequestsInSystem: number;
  /** Whether the client stays within its share with this request (fair-share.ts). */
  readonly withinShare: boolean;
  /** From now until the answer as predicted, µs; null where nothing is known or nothing is there to wait for. */
  readonly predictedFinishUs: number | null;
  /** In what time the work that is there is done when nothing more comes, µs; null while nothing is known. */
  readonly workOffUs: number | null;
}

/** What a request asks for. */
export interface AskedAdmission {
  readonly windows: number;
  /** Forecast steps: windows × horizon. */
  readonly steps: number;
  /** How long it will wait before it can join, µs; 0 for one that joins now. */
  readonly waitUs: number;
  /** From now to its deadline, µs. */
  readonly timeLeftUs: number;
}

export type Admission =
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: RefusalReason; readonly retryAfterS: number };

/** A client is not sent away for longer than this, whatever the queue. */
const MAX_RETRY_AFTER_S = 30;

/**
 * How much longer than predicted an answer may take and still be in time. Under overload the prediction of whoever is
 * let in lies just below the limit, so with no margin half of them would be late whose prediction is right on average.
 */
const LATE_MARGIN = 1.25;

/**
 * Whether a request may join. Refusing at once is cheaper for both sides than an answer that comes too late:
 * `predicted_late` is  (wait + predictedFinish) · LATE_MARGIN > deadline − now  (formulas in drain-rate.ts and
 * batching/predicted-finish.ts); when nothing is under way and nothing waits, only what is late already is refused for
 * it, so a prediction that is wrong is soon put right by what it lets through.
 * A request that is alone is never too large for the bound on steps. `retryAfterS`: the time until the work that is
 * there is done, or until the prediction would be kept.
 */
export function nextAdmission(snapshot: AdmissionSnapshot, asked: AskedAdmission): Admission {
  const { stepsInFlight, predictedFinishUs } = snapshot;
  const refuse = (reason: RefusalReason, waitUs: number | null): Admission => ({
    admit: false,
    reason,
    retryAfterS: retryAfterS(waitUs),
  });
  if (snapshot.draining) return refuse('draining', null);
  if (!snapshot.withinShare) return refuse('over_share', snapshot.workOffUs);
  if (snapshot.queued + asked.windows > snapshot.maxQueued) return refuse('queue_full', snapshot.workOffUs);
  if (stepsInFlight > 0 && stepsInFlight + asked.steps > snapshot.maxStepsInFlight) {
    return refuse('steps_full', snapshot.workOffUs);
  }
  if (snapshot.requestsInSystem >= snapshot.maxRequestsInSystem) return refuse('limit_reached', snapshot.workOffUs);
  const neededUs = (asked.waitUs + (predictedFinishUs ?? 0)) * LATE_MARGIN;
  if (neededUs > asked.timeLeftUs || asked.timeLeftUs <= 0) {
    return refuse('predicted_late', neededUs - asked.timeLeftUs);
  }
  return { admit: true };
}

/** Whole seconds, 1..30. */
function retryAfterS(waitUs: number | null): number {
  return Math.min(MAX_RETRY_AFTER_S, Math.max(1, Math.ceil((waitUs ?? 0) / 1e6)));
}
