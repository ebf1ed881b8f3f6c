import type { ErrorCode } from '../contract/index.js';
import { emptyTiming, type RequestTiming } from '../serving/index.js';

/** What is noted about one request on its way, µs on the engine's clock. */
export interface RequestTrace {
  readonly startUs: number;
  /** When the body was here in full; 0 while it is not. */
  bodyUs: number;
  /** How long it then waited for its turn on the HTTP thread. */
  heldUs: number;
  /** When it was parsed; 0 while it is not. */
  parsedUs: number;
  /** The parts between parsing and forming the reply. */
  readonly timing: RequestTiming;
  /** Why the request failed; null while it has not. */
  code: ErrorCode | null;
  cached: boolean;
  /** The version that answered; null before one did. */
  runId: string | null;
}

export function startTrace(startUs: number): RequestTrace {
  return { startUs, bodyUs: 0, heldUs: 0, parsedUs: 0, timing: emptyTiming(), code: null, cached: false, runId: null };
}

/** The contiguous parts of a request, µs; they sum to `totalUs`. */
export interface TraceParts {
  readonly recvUs: number;
  readonly parseUs: number;
  /** The HTTP thread's delay: until it took up the body, and until it took up what the model had given. */
  readonly lagUs: number;
  readonly postUs: number;
  readonly totalUs: number;
}

/**
 * Closes a trace at `nowUs`, the writing of the header. Each stamp ends the part before it; what a request never
 * reached is 0, and the rest, up to now, is `post`: forming the reply, or the refusal.
 */
export function closeTrace(trace: RequestTrace, nowUs: number): TraceParts {
  const { timing } = trace;
  const totalUs = nowUs - trace.startUs;
  const recvUs = trace.bodyUs === 0 ? 0 : trace.bodyUs - trace.startUs;
  const parseUs = trace.parsedUs === 0 ? 0 : trace.parsedUs - trace.bodyUs - trace.heldUs;
  const lagUs = trace.heldUs + timing.lagUs;
  const spentUs = recvUs + parseUs + timing.prepUs + timing.queueUs + timing.execUs + lagUs;
  return { recvUs, parseUs, lagUs, postUs: Math.max(0, totalUs - spentUs), totalUs };
}

/** The value of `Server-Timing` (W3C Server Timing), milliseconds. */
export function serverTiming(trace: RequestTrace, parts: TraceParts): string {
  const { timing } = trace;
  return `recv;dur=${ms(parts.recvUs)}, parse;dur=${ms(parts.parseUs)}, prep;dur=${ms(timing.prepUs)}, queue;dur=${ms(timing.queueUs)}, batch;desc="${timing.batchRows}", exec;dur=${ms(timing.execUs)}, lag;dur=${ms(parts.lagUs)}, post;dur=${ms(parts.postUs)}, total;dur=${ms(parts.totalUs)}`;
}

/** `.001` to `.999`, without zeros at the end: whole numbers are cheaper to print than fractions, nine for each reply. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, us) => (us === 0 ? '' : String(us / 1000).slice(1)));

/** Milliseconds with microseconds behind the point. */
function ms(us: number): string {
  const rounded = Math.round(us);
  // Two threads' clocks may be a microsecond apart.
  if (rounded < 0) return String(rounded / 1000);
  const whole = Math.floor(rounded / 1000);
  return `${whole}${THOUSANDTHS[rounded - whole * 1000] ?? ''}`;
}
