import type { ClosedUsers } from './closed-users.js';
import type { OpenArrivals } from './open-arrivals.js';
import { profileLengthUs } from './rate-profile.js';

/** What a phase loads with: closed users or open arrivals. */
export type LoadPlan = ({ readonly mode: 'closed' } & ClosedUsers) | ({ readonly mode: 'open' } & OpenArrivals);

/** When the last request of a plan may be due, µs; Infinity where only the number of requests counts. */
export function planEndUs(plan: LoadPlan): number {
  return plan.mode === 'closed' ? plan.endUs : plan.startUs + profileLengthUs(plan.profile);
}

/** The same plan, begun at another time. */
export function startedAt(plan: LoadPlan, startUs: number): LoadPlan {
  if (plan.mode === 'open') return { ...plan, startUs };
  return { ...plan, startUs, endUs: startUs + (plan.endUs - plan.startUs) };
}
