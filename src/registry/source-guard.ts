import {
  BrokenCircuitError,
  CircuitState,
  type CircuitBreakerPolicy,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  type RetryPolicy,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
} from 'cockatiel';
import { FltsError } from '../contract/index.js';

export interface GuardLimits {
  /** For one try, ms. */
  readonly timeoutMs: number;
  /** Tries of one request, the first included. */
  readonly tries: number;
  /** After so many failures in a row nothing is asked for `pauseMs`. */
  readonly breakAfter: number;
  readonly pauseMs: number;
}

export const GUARD_LIMITS: GuardLimits = { timeoutMs: 10_000, tries: 3, breakAfter: 5, pauseMs: 10_000 };

/** What a breaker says of itself, and can be made from: `openedAt` is wall-clock time, ms. */
interface BreakerState {
  readonly ownState: object;
  readonly breakerState: unknown;
}

const isTransient = (error: Error): boolean => error instanceof FltsError && error.code === 'FLTS_SOURCE_DOWN';

/**
 * Stands before one remote source: each request is timed, tried again after a random pause when its failure may pass
 * (FLTS_SOURCE_DOWN), and not made at all for a while once the source has failed many times in a row.
 */
export class SourceGuard {
  readonly #name: string;
  readonly #limits: GuardLimits;
  readonly #monotonicMs: () => number;
  readonly #retry: RetryPolicy;
  readonly #life = new AbortController();
  #breaker: CircuitBreakerPolicy;
  #openSinceMs: number | null = null;
  #lastFailure: FltsError | null = null;

  /** `name` is what messages call the source; `monotonicMs` never goes back. */
  constructor(name: string, limits: Partial<GuardLimits> = {}, monotonicMs = (): number => performance.now()) {
    this.#name = name;
    this.#limits = { ...GUARD_LIMITS, ...limits };
    this.#monotonicMs = monotonicMs;
    this.#retry = retry(handleWhen(isTransient), {
      maxAttempts: this.#limits.tries - 1,
      backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 2000 }),
    });
    this.#breaker = this.#newBreaker();
  }

  /**
   * Answers what `ask` answers. `ask` throws FLTS_SOURCE_DOWN for what may pass, and must heed its signal. Throws
   * FLTS_SOURCE_DOWN when the source stays down, is too slow, or has just failed too often to be asked.
   */
  async run<T>(ask: (signal: AbortSignal) => Promise<T>, timeoutMs = this.#limits.timeoutMs): Promise<T> {
    this.#mendClock();
    try {
      return await this.#retry.execute(
        () => this.#breaker.execute(() => this.#timed(ask, timeoutMs), this.#life.signal),
        this.#life.signal,
      );
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      // The same sentence as before: a source that is down for a day is one line in the log.
      throw this.#lastFailure ?? this.#down('has failed too often', error);
    }
  }

  /** Ends what is under way; nothing is asked any more. */
  close(): void {
    this.#life.abort();
  }

  async #timed<T>(ask: (signal: AbortSignal) => Promise<T>, timeoutMs: number): Promise<T> {
    const limit = timeout(timeoutMs, TimeoutStrategy.Aggressive);
    try {
      return await limit.execute(({ signal }) => ask(signal), this.#life.signal);
    } catch (error) {
      const told =
        error instanceof TaskCancelledError
          ? this.#down(
              this.#life.signal.aborted ? 'is no longer asked' : `did not answer within ${timeoutMs} ms`,
              error,
            )
          : error;
      if (told instanceof FltsError && isTransient(told)) this.#lastFailure = told;
      throw told;
    }
  }

  #down(what: string, cause: unknown): FltsError {
    return new FltsError('FLTS_SOURCE_DOWN', `${this.#name} ${what}.`, { cause });
  }

  #newBreaker(state?: BreakerState): CircuitBreakerPolicy {
    const breaker = circuitBreaker(handleWhen(isTransient), {
      halfOpenAfter: this.#limits.pauseMs,
      breaker: new ConsecutiveBreaker(this.#limits.breakAfter),
      initialState: state,
    });
    breaker.onStateChange((state) => {
      this.#openSinceMs = state === CircuitState.Open ? this.#monotonicMs() : null;
    });
    return breaker;
  }

  /**
   * The breaker's pause is on the wall clock; were that set back an hour, the source would not be asked for an hour. A
   * pause that is over by the monotonic clock ends as if it had begun at the epoch: with one try, which closes or opens.
   */
  #mendClock(): void {
    if (this.#openSinceMs === null || this.#monotonicMs() - this.#openSinceMs < this.#limits.pauseMs) return;
    if (this.#breaker.state !== CircuitState.Open) return;
    this.#openSinceMs = null;
    const state = this.#breaker.toJSON() as BreakerState;
    this.#breaker = this.#newBreaker({ ...state, ownState: { ...state.ownState, openedAt: 0 } });
  }
}
