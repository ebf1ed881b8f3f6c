import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { FAILURE_KINDS } from '../../contract/index.js';
import type { Exchange } from './http-connection.js';
import { SAMPLE_WIDTH } from './messages.js';
import { BATCH_SAMPLES, SampleBuffer, unpackBatch } from './sample-buffer.js';

function exchange(names: { serverTiming?: string; replica?: string; runId?: string } | null): Exchange {
  const answer = {
    status: 200,
    body: Buffer.of(),
    keepAlive: true,
    serverTiming: '',
    replica: '',
    runId: '',
    ...names,
  };
  const times = { sentUs: 2, connectionWaitUs: 1, firstByteUs: null, doneUs: 9.5, bytesIn: 7 };
  return names === null
    ? { ...times, answer: null, failure: { kind: 'reset', text: 'gone' } }
    : { ...times, answer, failure: null };
}

describe('SampleBuffer', () => {
  it('comes out of the channel as it was collected, batch after batch', () => {
    const buffer = new SampleBuffer();
    for (const phase of [1, 2]) {
      buffer.add(3, 1.25, exchange({ serverTiming: 'exec;dur=1', replica: 'a', runId: 'r' }), null, 50);
      buffer.add(4, 1.5, exchange(null), { kind: 'reset', text: 'gone' }, 60);
      buffer.add(5, 1.75, exchange({ replica: 'b', runId: 'r' }), null, 70);
      const batch = unpackBatch(deserialize(serialize(buffer.take(phase))) as ReturnType<SampleBuffer['take']>);
      expect(batch).toMatchObject({
        phase,
        count: 3,
        serverTiming: ['exec;dur=1', '', ''],
        replica: ['a', '', 'b'],
        runId: ['r', '', 'r'],
        examples: { reset: 'gone' },
      });
      expect([...batch.numbers.slice(0, SAMPLE_WIDTH)]).toEqual([3, 1.25, 2, Number.NaN, 9.5, 1, 200, -1, 50, 7]);
      expect(batch.numbers[SAMPLE_WIDTH + 7]).toBe(FAILURE_KINDS.indexOf('reset'));
      expect(batch.numbers).toHaveLength(3 * SAMPLE_WIDTH);
      expect(buffer.empty).toBe(true);
    }
  });

  it('sends no names where there are none', () => {
    const buffer = new SampleBuffer();
    while (!buffer.full) buffer.add(0, 0, exchange({}), null, 1);
    const packed = buffer.take(1);
    expect(packed).toMatchObject({ count: BATCH_SAMPLES, wordAt: null, serverTiming: null, words: [''] });
    expect(unpackBatch(packed)).toMatchObject({ replica: Array.from({ length: BATCH_SAMPLES }, () => '') });
  });
});
