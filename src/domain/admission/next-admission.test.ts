import { describe, expect, it } from 'vitest';
import { deadlineUs } from './deadline.js';
import { type AdmissionSnapshot, nextAdmission } from './next-admission.js';

const open: AdmissionSnapshot = {
  draining: false,
  queued: 0,
  maxQueued: 10,
  stepsInFlight: 0,
  maxStepsInFlight: 100,
  requestsInSystem: 0,
  maxRequestsInSystem: Number.POSITIVE_INFINITY,
  withinShare: true,
  predictedFinishUs: null,
  workOffUs: null,
};
const asked = { windows: 1, steps: 1, waitUs: 0, timeLeftUs: 1000 };

function reasonOf(snapshot: Partial<AdmissionSnapshot>, changed: Partial<typeof asked> = {}): string {
  const decision = nextAdmission({ ...open, ...snapshot }, { ...asked, ...changed });
  return decision.admit ? 'admitted' : decision.reason;
}

describe('admission', () => {
  it.each([
    [0, 10, 'admitted'],
    [9, 1, 'admitted'],
    [10, 1, 'queue_full'],
    [9, 2, 'queue_full'],
  ])('%d windows waiting of 10, %d more: %s', (queued, windows, outcome) => {
    expect(reasonOf({ queued }, { windows })).toBe(outcome);
  });

  it.each([
    [99, 1, 'admitted'],
    [99, 2, 'steps_full'],
    [0, 1000, 'admitted'],
  ])('%d steps under way of 100, %d more: %s', (stepsInFlight, steps, outcome) => {
    expect(reasonOf({ stepsInFlight }, { steps })).toBe(outcome);
  });

  it.each([
    [1, 'admitted'],
    [2, 'limit_reached'],
  ])('%d requests of 2: %s', (requestsInSystem, outcome) => {
    expect(reasonOf({ requestsInSystem, maxRequestsInSystem: 2 })).toBe(outcome);
  });

  it.each([
    [null, 'admitted'],
    [800, 'admitted'],
    [801, 'predicted_late'],
  ])('predicted in %s µs of 1000: %s', (predictedFinishUs, outcome) => {
    expect(reasonOf({ predictedFinishUs })).toBe(outcome);
  });

  it.each([
    [1, 'admitted'],
    [0, 'predicted_late'],
  ])('nothing under way, %d µs to the deadline: %s', (timeLeftUs, outcome) => {
    expect(reasonOf({}, { timeLeftUs })).toBe(outcome);
  });

  it.each([
    [null, 800, 'admitted'],
    [null, 801, 'predicted_late'],
    [500, 300, 'admitted'],
    [500, 301, 'predicted_late'],
  ])('predicted in %s µs after a wait of %d, of 1000: %s', (predictedFinishUs, waitUs, outcome) => {
    expect(reasonOf({ predictedFinishUs }, { waitUs })).toBe(outcome);
  });

  it('names what concerns the client before what concerns all', () => {
    const all = {
      queued: 10,
      stepsInFlight: 100,
      requestsInSystem: 9,
      maxRequestsInSystem: 9,
      predictedFinishUs: 9999,
    };
    expect(reasonOf({ ...all, draining: true, withinShare: false })).toBe('draining');
    expect(reasonOf({ ...all, withinShare: false })).toBe('over_share');
    expect(reasonOf(all)).toBe('queue_full');
  });

  it.each([
    [null, 1],
    [200_000, 1],
    [2_500_000, 3],
    [300_000_000, 30],
  ])('the work there takes %s µs: the client comes back after %d s', (workOffUs, retryAfterS) => {
    const refused = nextAdmission({ ...open, queued: 10, workOffUs }, asked);
    expect(refused).toEqual({ admit: false, reason: 'queue_full', retryAfterS });
  });

  it('what would be late comes back when it would not', () => {
    const refused = nextAdmission(
      { ...open, predictedFinishUs: 3_300_000, workOffUs: 9e9 },
      { ...asked, timeLeftUs: 1e6 },
    );
    expect(refused).toEqual({ admit: false, reason: 'predicted_late', retryAfterS: 4 });
  });
});

describe('the deadline', () => {
  it.each([
    [null, 1000, 1_005_000],
    [200, 1000, 205_000],
    [5000, 1000, 1_005_000],
  ])('asked for %s ms under a limit of %d ms', (askedMs, limit, dueUs) => {
    expect(deadlineUs(5000, askedMs, limit)).toBe(dueUs);
  });
});
