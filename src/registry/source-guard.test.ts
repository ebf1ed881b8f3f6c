import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FltsError } from '../contract/index.js';
import { SourceGuard } from './source-guard.js';

const LIMITS = { timeoutMs: 1000, tries: 3, breakAfter: 4, pauseMs: 10_000 };
const down = (): Promise<never> => Promise.reject(new FltsError('FLTS_SOURCE_DOWN', 'The source is down.'));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The outcome of a promise after virtual time has run until it is there. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    (value) => value,
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(8000);
  return await settled;
}

it('tries again what may pass, and only that', async () => {
  const guard = new SourceGuard('the source', LIMITS);
  const ask = vi.fn().mockImplementationOnce(down).mockImplementationOnce(down).mockResolvedValue('here');
  expect(await outcome(guard.run(ask))).toBe('here');
  expect(ask).toHaveBeenCalledTimes(3);
  const denied = vi.fn().mockRejectedValue(new FltsError('FLTS_SOURCE_DENIED', 'No.'));
  expect(await outcome(guard.run(denied))).toMatchObject({ code: 'FLTS_SOURCE_DENIED' });
  expect(denied).toHaveBeenCalledTimes(1);
});

it('ends a request that takes too long, and tells it so', async () => {
  const guard = new SourceGuard('the source', LIMITS);
  const signals: AbortSignal[] = [];
  const hanging = (signal: AbortSignal): Promise<never> => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  expect(await outcome(guard.run(hanging))).toMatchObject({
    code: 'FLTS_SOURCE_DOWN',
    message: 'the source did not answer within 1000 ms.',
  });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
});

it('asks nothing for a while after many failures in a row, with the same sentence, then finds the source again', async () => {
  const guard = new SourceGuard('the source', LIMITS);
  const ask = vi.fn(down);
  await outcome(guard.run(ask));
  await outcome(guard.run(ask));
  const before = ask.mock.calls.length;
  expect(before).toBe(LIMITS.breakAfter);
  expect(await outcome(guard.run(ask))).toMatchObject({ message: 'The source is down.' });
  expect(ask).toHaveBeenCalledTimes(before);
  await vi.advanceTimersByTimeAsync(LIMITS.pauseMs);
  expect(await outcome(guard.run(() => Promise.resolve('back')))).toBe('back');
});

it('asks once for each pause while the source stays down', async () => {
  const guard = new SourceGuard('the source', LIMITS);
  const ask = vi.fn(down);
  await outcome(guard.run(ask));
  await outcome(guard.run(ask));
  for (let pause = 1; pause <= 3; pause++) {
    await vi.advanceTimersByTimeAsync(LIMITS.pauseMs);
    await outcome(guard.run(ask));
    await outcome(guard.run(ask));
    expect(ask).toHaveBeenCalledTimes(LIMITS.breakAfter + pause);
  }
});

it.each([-3_600_000, 3_600_000])('asks again after the pause though the clock was set by %i ms', async (jumpMs) => {
  const guard = new SourceGuard('the source', LIMITS);
  await outcome(guard.run(down));
  await outcome(guard.run(down));
  vi.setSystemTime(Date.now() + jumpMs);
  await vi.advanceTimersByTimeAsync(LIMITS.pauseMs);
  expect(await outcome(guard.run(() => Promise.resolve('back')))).toBe('back');
});

it('ends at once when closed', async () => {
  const guard = new SourceGuard('the source', LIMITS);
  const running = guard.run(() => new Promise(() => undefined)).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1);
  guard.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(await running).toMatchObject({ code: 'FLTS_SOURCE_DOWN' });
});
