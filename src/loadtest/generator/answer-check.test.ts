import { describe, expect, it } from 'vitest';
import { answerFailure, predictionsProblem } from './answer-check.js';
import type { Exchange } from './http-connection.js';

function answered(status: number, body: string): Exchange {
  const answer = { status, body: Buffer.from(body), keepAlive: true, serverTiming: '', replica: '', runId: '' };
  return { sentUs: 0, connectionWaitUs: 0, firstByteUs: 1, doneUs: 2, bytesIn: 1, answer, failure: null };
}

const TS = '2018-02-06T00:40:00';

describe('predictionsProblem', () => {
  it.each([
    [{ predictions: [{ ts: TS, down: 1 }] }, null],
    [{ predictions: [{ ts: '2018-02-06 00:40:00', down: 0 }] }, null],
    [
      { predictions: [{ ts: '2018-02-06T00:42:00', down: 1 }] },
      'the first prediction is for 2018-02-06T00:42:00 instead of 2018-02-06T00:40:00',
    ],
    [{ predictions: [{ down: 1 }] }, 'the first prediction is for undefined'],
    [{ predictions: [{ ts: TS, down: null }] }, 'the prediction of "down" is not a finite number'],
    [{ predictions: [{ ts: TS, down: '1' }] }, 'not a finite number'],
    [{ predictions: [{ ts: TS }] }, 'a prediction without values'],
    [{ predictions: [] }, 'no predictions'],
    [
      {
        predictions: [
          { ts: TS, down: 1 },
          { ts: TS, down: 1 },
        ],
      },
      '2 predictions instead of 1',
    ],
    [{ status: 'SUCCESS' }, 'no predictions'],
    [null, 'not an object'],
  ])('judges %j', (answer, problem) => {
    const found = predictionsProblem(answer, TS, 1);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(problem);
  });
});

describe('answerFailure', () => {
  it('sorts statuses, bodies and broken exchanges', () => {
    const right = JSON.stringify({ predictions: [{ ts: TS, down: 1 }] });
    expect(answerFailure(answered(200, right), { check: 'predictions', expect: {} }, TS, 1)).toBeNull();
    expect(answerFailure(answered(200, 'no json'), { check: 'status', expect: {} }, TS, 1)).toBeNull();
    expect(answerFailure(answered(200, 'no json'), { check: 'json', expect: {} }, TS, 1)).toEqual({
      kind: 'bad_answer',
      text: 'the body is not JSON',
    });
    expect(answerFailure(answered(503, '{"detail":\n"full"}'), { check: 'predictions', expect: {} }, TS, 1)).toEqual({
      kind: 'http_5xx',
      text: '503 {"detail": "full"}',
    });
    expect(answerFailure(answered(404, right), { check: 'predictions', expect: {} }, TS, 1)?.kind).toBe('http_4xx');
    expect(answerFailure(answered(301, right), { check: 'predictions', expect: {} }, TS, 1)?.kind).toBe('http_other');
    const reset = { kind: 'reset', text: 'gone' } as const;
    expect(
      answerFailure(
        { ...answered(200, ''), answer: null, failure: reset },
        { check: 'status', expect: {} },
        null,
        null,
      ),
    ).toBe(reset);
  });
});
