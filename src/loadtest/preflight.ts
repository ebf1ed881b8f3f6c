import { FltsError } from '../contract/index.js';
import { answerFailure } from './generator/answer-check.js';
import { type Exchange, HttpConnection } from './generator/http-connection.js';
import type { RequestPlan } from './generator/messages.js';
import { RequestSource } from './generator/request-source.js';

/** The first request may meet a cold service; beyond this nobody is there. */
const PATIENCE_MS = 10_000;

/** One request over a connection of its own. */
function once(plan: RequestPlan, request: Uint8Array): Promise<Exchange> {
  const connection = new HttpConnection(
    plan.endpoint,
    { ...plan.connection, keepAlive: false },
    () => performance.now() * 1000,
  );
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      connection.giveUp({ kind: 'timeout', text: `no answer within ${PATIENCE_MS / 1000} s` });
    }, PATIENCE_MS);
    connection.exchange(request, (exchange) => {
      clearTimeout(timer);
      connection.close();
      resolve(exchange);
    });
  });
}

/**
 * Sends the request of the scenario once before anything is measured. Throws FLTS_TARGET_DOWN when nobody answers or
 * the target is not ready, and FLTS_TARGET_REFUSED when it does not take such requests at all; other failures are left
 * to be measured, and returned as a warning.
 */
export async function preflight(plan: RequestPlan, url: string): Promise<string | null> {
  const request = new RequestSource(plan, 0, 1).next();
  const exchange = await once(plan, request.bytes);
  const failure = answerFailure(exchange, plan, request.expectedTs, request.horizon);
  if (failure === null) return null;
  const status = exchange.answer?.status;
  if (status === undefined && failure.kind !== 'bad_answer') {
    throw new FltsError('FLTS_TARGET_DOWN', `${url} does not answer: ${failure.text}.`);
  }
  const said = `${url} answers ${plan.method} ${plan.path} with ${failure.text}`;
  if (status === 503)
    throw new FltsError('FLTS_TARGET_DOWN', `${said}: it is not ready.`, {
      remedy: 'Wait until the target is ready, then try again.',
    });
  if (status !== undefined && status >= 300 && status < 400) {
    throw new FltsError('FLTS_TARGET_REFUSED', `${said}: redirects are not followed.`, {
      remedy: 'Give the address that it redirects to as the target.',
    });
  }
  if (status !== undefined && status >= 400 && status < 500) throw new FltsError('FLTS_TARGET_REFUSED', `${said}.`);
  return `A first request, before the load, failed: ${failure.text}.`;
}

/** Whether the null request is answered well, so that the floor can be measured on it. */
export async function answersNull(plan: RequestPlan): Promise<boolean> {
  const exchange = await once(plan, new RequestSource(plan, 0, 1).next().bytes);
  return answerFailure(exchange, plan, null, null) === null;
}
