import type { ErrorCode } from '../../contract/index.js';
import { nextVersionState, type VersionEvent, type VersionState } from '../../domain/rollout/index.js';
import type { Lane } from '../scheduling/lane.js';

/** What a service knows of one model version. */
export class VersionRecord {
  readonly runId: string;
  #state: VersionState = 'fetching';
  /** Once it is verified. */
  lane: Lane | null = null;
  /** Why it does not serve, with the code of the error where there was one; null while nothing is wrong. */
  reason: string | null = null;
  code: ErrorCode | null = null;
  /** When it failed, on the engine's clock, µs; null when it did not. */
  failedAtUs: number | null = null;

  constructor(runId: string) {
    this.runId = runId;
  }

  get state(): VersionState {
    return this.#state;
  }

  /** Throws RangeError when the event cannot happen now. */
  advance(event: VersionEvent): void {
    this.#state = nextVersionState(this.#state, event);
  }

  fail(code: ErrorCode, reason: string, nowUs: number): void {
    this.advance('failed');
    this.code = code;
    this.reason = reason;
    this.failedAtUs = nowUs;
  }
}
