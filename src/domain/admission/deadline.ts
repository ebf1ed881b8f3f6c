/**
 * The instant (µs, same clock as `arrivalUs`) by which a request must be answered: what the client asked for, bounded
 * by the server's own limit. `askedMs` null: the client named none.
 */
export function deadlineUs(arrivalUs: number, askedMs: number | null, limitMs: number): number {
  return arrivalUs + Math.min(askedMs ?? limitMs, limitMs) * 1000;
}
