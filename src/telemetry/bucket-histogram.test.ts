import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { BucketHistogram } from './bucket-histogram.js';

const BUCKETS = [0.1, 1, 10];

/** The same values in prom-client's own histogram: the reference. */
async function texts(labelNames: string[], values: [Record<string, string>, number][]): Promise<[string, string]> {
  const options = { name: 'some_seconds', help: 'Some.', aggregator: 'sum' as const, labelNames };
  const [mine, theirs] = [new Registry(), new Registry()];
  const fast = new BucketHistogram({ ...options, buckets: BUCKETS });
  mine.registerMetric(fast.asMetric());
  const plain = new Histogram({ ...options, buckets: BUCKETS, registers: [theirs] });
  for (const [labels, value] of values) {
    if (labelNames.length === 0) fast.observe(value);
    else fast.observeUnder(labels, value);
    plain.observe(labels, value);
  }
  expect(await valuesOf(mine)).toEqual(await valuesOf(theirs));
  return [await mine.metrics(), await theirs.metrics()];
}

/** As processes that share a port hand them on, to be summed. */
async function valuesOf(registry: Registry): Promise<string[]> {
  const [metric] = await registry.getMetricsAsJSON();
  const values = (metric?.values ?? []) as { metricName?: string; labels: Record<string, unknown>; value: number }[];
  const listed = values.map(({ metricName, labels, value }) =>
    JSON.stringify([metricName, Object.entries(labels).sort(), value]),
  );
  return [`${metric?.name} ${metric?.help} ${String(metric?.type)} ${metric?.aggregator}`, ...listed.sort()];
}

/** The order of values and labels is free. */
function sorted(text: string): string[] {
  return text.split(/[\n{},]/).sort();
}

describe('a histogram for every request', () => {
  it('exports zeros before the first value, and values on a bound in its bucket', async () => {
    const [empty, theirs] = await texts([], []);
    expect(sorted(empty)).toEqual(sorted(theirs));
    const [one] = await texts([], [[{}, 1]]);
    expect(one).toContain('some_seconds_bucket{le="0.1"} 0\nsome_seconds_bucket{le="1"} 1\n');
  });

  it('says what prom-client says of any values and labels', async () => {
    const value = fc.oneof(fc.constantFrom(0, 0.1, 1, 10, 11), fc.double({ min: 0, max: 20, noNaN: true }));
    const labels = fc.record({ route: fc.constantFrom('/a', '/b'), status: fc.constantFrom('200', '503') });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(labels, value)), async (values) => {
        const [mine, theirs] = await texts(['route', 'status'], values);
        expect(sorted(mine)).toEqual(sorted(theirs));
      }),
      { numRuns: 50 },
    );
  });
});
