// What the generator does for recording, and nothing else: samples into the buffer, full buffers over the channel. Sends
// its batches to the parent as a generator does, and at last {usPerSample}, CPU of this process.
import process from 'node:process';
import { SampleBuffer } from '../../dist/loadtest/generator/sample-buffer.js';

const SAMPLES = 400_000;
/** As many as one generator sends a tenth of a second at 20,000 requests per second. */
const FLUSH_EVERY = 2_000;
const answer = { status: 200, serverTiming: '', replica: '', runId: '' };

/** The connection makes the exchange, recorded or not: here they are made before the clock runs. */
const exchanges = Array.from({ length: FLUSH_EVERY }, (_, i) => ({
  sentUs: i * 50 + 0.25,
  connectionWaitUs: 0,
  firstByteUs: i * 50 + 900.75,
  doneUs: i * 50 + 930.5,
  bytesIn: 113,
  answer,
  failure: null,
}));

async function record(samples) {
  const buffer = new SampleBuffer();
  for (let i = 0; i < samples; i++) {
    const exchange = exchanges[i % FLUSH_EVERY];
    buffer.add(i % 32, exchange.sentUs, exchange, null, 4_600);
    if (i % FLUSH_EVERY === FLUSH_EVERY - 1) await new Promise((sent) => process.send(buffer.take(1), sent));
  }
}

await record(FLUSH_EVERY * 10); // warm
const before = process.cpuUsage();
await record(SAMPLES);
const { user, system } = process.cpuUsage(before);
process.send({ usPerSample: (user + system) / SAMPLES }, () => process.disconnect());
