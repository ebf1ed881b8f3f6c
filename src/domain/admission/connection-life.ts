/** How long any connection may live. */
export interface ConnectionBounds {
  /** Most requests, ≥ 1. */
  readonly maxRequests: number;
  readonly maxAgeUs: number;
}

/** How long one connection may live: its last answer closes it. */
export interface ConnectionLife {
  readonly requests: number;
  readonly endsAtUs: number;
}

/** A connection may be given up to this share less than the bounds allow. */
const JITTER = 0.2;

/**
 * The life of a connection that opens now. Clients that connected together, as after a restart, would leave together
 * if all had the same; `draw`, uniform in [0, 1), spreads them.
 */
export function allotLife(bounds: ConnectionBounds, draw: number, nowUs: number): ConnectionLife {
  const share = 1 - JITTER * draw;
  return {
    requests: Math.max(1, Math.round(bounds.maxRequests * share)),
    endsAtUs: nowUs + bounds.maxAgeUs * share,
  };
}

/** Whether the answer to the connection's request number `request` (from 1) is its last. */
export function isLastAnswer(life: ConnectionLife, request: number, nowUs: number): boolean {
  return request >= life.requests || nowUs >= life.endsAtUs;
}
