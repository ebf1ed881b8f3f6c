/**
 * Natural batching with iteration-level scheduling: whatever is ready goes as soon as a worker is free, and after
 * every model step the batch is formed anew. A request of many steps joins the queue again after each of them, so a
 * request of one step waits for at most one round of the others, never for all their steps.
 * Source: Yu et al., "Orca: A Distributed Serving System for Transformer-Based Generative Models" (OSDI 2022), §3.
 */

/** A window that waits for its first dispatch. */
export interface FreshRow {
  readonly readyAtUs: number;
  /** Identity of the request that it belongs to. */
  readonly request: object;
  /** Whether another window of that request was dispatched already. */
  readonly requestActive: boolean;
}

/** A window of an active request that is ready for its next step. */
export interface ContinuingRow {
  readonly readyAtUs: number;
}

export interface BatchLimits {
  /** Most rows in one batch, ≥ 1. */
  readonly maxRows: number;
  /** Workers that are free now, ≥ 0. */
  readonly freeWorkers: number;
  /** How many more requests may become active; Infinity without a limit. */
  readonly newRequests: number;
}

/** How many rows to take from the front of each queue. */
export interface BatchChoice {
  readonly continuing: number;
  readonly fresh: number;
}

/**
 * The next batch for one worker, from two queues that are each in order of `readyAtUs`. Oldest first across both;
 * a fresh row of a request that may not become active ends the fresh part, so that none overtakes it. When several
 * workers are free the ready rows are spread over them evenly.
 */
export function nextBatch(
  continuing: ReadonlySet<ContinuingRow>,
  fresh: ReadonlySet<FreshRow>,
  limits: BatchLimits,
): BatchChoice {
  if (limits.freeWorkers === 0) return { continuing: 0, fresh: 0 };
  const share = Math.ceil((continuing.size + fresh.size) / limits.freeWorkers);
  const room = Math.min(limits.maxRows, share);
  const continuingRows = continuing.values();
  const freshRows = fresh.values();
  let nextContinuing = continuingRows.next();
  let nextFresh = freshRows.next();
  let opened = 0;
  let lastOpened: object | null = null;
  let takenContinuing = 0;
  let takenFresh = 0;
  while (takenContinuing + takenFresh < room) {
    const row = nextFresh.done === true ? null : nextFresh.value;
    const opens = row !== null && !row.requestActive && row.request !== lastOpened;
    const mayTakeFresh = row !== null && (!opens || opened < limits.newRequests);
    const older = nextContinuing.done === true ? null : nextContinuing.value;
    if (older !== null && (!mayTakeFresh || older.readyAtUs <= row.readyAtUs)) {
      takenContinuing++;
      nextContinuing = continuingRows.next();
    } else if (mayTakeFresh) {
      if (opens) {
        opened++;
        lastOpened = row.request;
      }
      takenFresh++;
      nextFresh = freshRows.next();
    } else {
      break;
    }
  }
  return { continuing: takenContinuing, fresh: takenFresh };
}
