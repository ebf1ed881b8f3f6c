import type { QueuedRow, RowQueue } from './row-queue.js';

/**
 * Natural batching with iteration-level scheduling: whatever is ready goes as soon as a worker is free, and after
 * every run of the model the batch is formed anew. A request of many steps joins the queue again after each of them,
 * so a request of one step waits for at most the run under way, never for all the steps of another.
 * Source: Yu et al., "Orca: A Distributed Serving System for Transformer-Based Generative Models" (OSDI 2022), §3.
 *
 * Delay contract: with `maxDelayUs` 0, the default, a free worker never waits. Otherwise a batch of new windows only
 * that is not full waits for more, until its longest-waiting window has waited `maxDelayUs`; windows of requests under
 * way never wait for company, because they would wait again at each of their steps.
 */

/** A window of a request of which nothing was dispatched yet. */
export interface FreshRow extends QueuedRow {
  /** Identity of the request that it belongs to. */
  readonly request: object;
}

export interface BatchLimits {
  readonly nowUs: number;
  /** Most rows in one batch, ≥ 1. */
  readonly maxRows: number;
  /** Workers that are free now, ≥ 0. */
  readonly freeWorkers: number;
  /** How many more requests may become active; Infinity without a limit. */
  readonly newRequests: number;
  /** How long a batch may wait to become full, µs, ≥ 0. */
  readonly maxDelayUs: number;
}

export interface BatchChoice<Continuing, Fresh> {
  readonly continuing: readonly Continuing[];
  readonly fresh: readonly Fresh[];
  /** When to look again although nothing happens: the batch waits to become full. Null: whenever something does. */
  readonly lookAgainAtUs: number | null;
}

/**
 * The next batch for one worker: the most urgent rows of both queues, of equals those under way. A fresh row whose
 * request may not become active ends the fresh part, so that none passes it. When several workers are free the ready
 * rows are spread over them evenly.
 */
export function nextBatch<Continuing extends QueuedRow, Fresh extends FreshRow>(
  continuing: RowQueue<Continuing>,
  fresh: RowQueue<Fresh>,
  limits: BatchLimits,
): BatchChoice<Continuing, Fresh> {
  const choice = { continuing: [] as Continuing[], fresh: [] as Fresh[], lookAgainAtUs: null as number | null };
  const ready = continuing.size + fresh.size;
  if (limits.freeWorkers === 0 || ready === 0) return choice;
  const room = Math.min(limits.maxRows, Math.ceil(ready / limits.freeWorkers));
  if (limits.maxDelayUs > 0 && continuing.size === 0 && fresh.size < limits.maxRows) {
    const dueUs = fresh.oldestReadyAtUs + limits.maxDelayUs;
    if (limits.nowUs < dueUs) return { ...choice, lookAgainAtUs: dueUs };
  }
  const older = continuing.walk();
  const newer = fresh.walk();
  const opened = new Set<object>();
  while (choice.continuing.length + choice.fresh.length < room) {
    const row = newer.row;
    const mayOpen = row !== null && (opened.has(row.request) || opened.size < limits.newRequests);
    if (older.row !== null && (!mayOpen || older.rankUs <= newer.rankUs)) {
      choice.continuing.push(older.row);
      older.advance();
    } else if (mayOpen) {
      opened.add(row.request);
      choice.fresh.push(row);
      newer.advance();
    } else {
      break;
    }
  }
  return choice;
}
