/**
 * Per-client fair share of the places in the system: while there is room, anyone may use it; once the system is
 * crowded, a client that already holds its share is refused (429) so that the others are served.
 *
 * Share = capacity / clients that hold a place or ask for one, at least 1: one step of max–min fairness (Bertsekas,
 * Gallager, "Data Networks", 1992, §6.5.2). What a client does not use, others may, up to the crowding mark.
 */
export interface FairShareSnapshot {
  /** Places that the asking client holds. */
  readonly held: number;
  /** Places that all clients hold. */
  readonly total: number;
  /** Clients that hold at least one place. */
  readonly clients: number;
  /** All places. */
  readonly capacity: number;
}

/** From this share of the capacity on, fairness goes before use. */
const CROWDED = 0.5;

/** Whether the client may take `places` more. A client alone is never over its share. */
export function withinFairShare(snapshot: FairShareSnapshot, places: number): boolean {
  const { held, total, clients, capacity } = snapshot;
  if (total + places <= capacity * CROWDED) return true;
  const contenders = clients + (held === 0 ? 1 : 0);
  return contenders <= 1 || held + places <= Math.max(1, capacity / contenders);
}
