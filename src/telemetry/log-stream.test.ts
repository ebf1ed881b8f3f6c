import { expect, it, vi } from 'vitest';
import { LogStream, type Writing } from './log-stream.js';

const LINE = `${'x'.repeat(999)}\n`;

/** A reader that takes `bytes` at a time, or nothing. */
class Reader implements Writing {
  text = '';
  takes = Number.POSITIVE_INFINITY;
  error: string | null = null;
  #waiting: (() => void)[] = [];

  write(_fd: number, bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void {
    this.#waiting.push(() => {
      if (this.error === null) done(null, this.#read(bytes));
      else done(Object.assign(new Error(this.error), { code: this.error }), 0);
    });
  }

  writeSync(_fd: number, bytes: Buffer): number {
    if (this.error !== null) throw Object.assign(new Error(this.error), { code: this.error });
    return this.#read(bytes);
  }

  #read(bytes: Buffer): number {
    const count = Math.min(this.takes, bytes.length);
    this.text += bytes.toString('utf8', 0, count);
    return count;
  }

  /** Lets the writes that were begun end, and those that they begin. */
  go(): void {
    for (let writes = this.#waiting; writes.length > 0; writes = this.#waiting) {
      this.#waiting = [];
      for (const end of writes) end();
    }
  }
}

it('lines come whole and in order, however little is taken at a time', () => {
  const reader = new Reader();
  const log = new LogStream(2, reader);
  reader.takes = 3;
  for (const line of ['one\n', 'zwölf\n', 'three\n']) log.write(line);
  reader.go();
  // 'zwölf' is cut within its ö, so bytes are compared.
  expect(reader.text.replaceAll('\uFFFD', '')).toMatch(/^one\nzw.?lf\nthree\n$/);
});

it('a reader that stops costs a mebibyte and some lines, and is told how many when it goes on', () => {
  const reader = new Reader();
  const log = new LogStream(2, reader);
  for (let i = 0; i < 1500; i++) log.write(LINE);
  expect(reader.text).toBe('');
  reader.go();
  expect(reader.text.length).toBeLessThan(1_048_576 + 200);
  expect(reader.text.startsWith(LINE.repeat(1048))).toBe(true);
  expect(JSON.parse(reader.text.split('\n').at(-2) ?? '')).toMatchObject({ event: 'log lines dropped', lines: 452 });
  log.write('more\n');
  reader.go();
  expect(reader.text.endsWith('}\nmore\n')).toBe(true);
});

it('a full pipe that does not block is tried again', () => {
  vi.useFakeTimers();
  const reader = new Reader();
  const log = new LogStream(2, reader);
  reader.error = 'EAGAIN';
  log.write('line\n');
  reader.go();
  reader.error = null;
  vi.runAllTimers();
  reader.go();
  vi.useRealTimers();
  expect(reader.text).toBe('line\n');
});

it('a reader that has gone is not written to again', () => {
  const reader = new Reader();
  const log = new LogStream(2, reader);
  reader.error = 'EPIPE';
  log.write('line\n');
  reader.go();
  reader.error = null;
  log.write('line\n');
  log.flush();
  reader.go();
  expect(reader.text).toBe('');
});

it('at the end what waits is written, as far as it is taken', () => {
  vi.useFakeTimers();
  const reader = new Reader();
  const [log, stuck] = [new LogStream(2, reader), new LogStream(2, reader)];
  reader.error = 'EAGAIN';
  log.write('one\n');
  stuck.write('lost\n');
  reader.go();
  log.write('two\n');
  stuck.flush();
  reader.error = null;
  log.flush();
  stuck.flush();
  vi.useRealTimers();
  expect(reader.text).toBe('one\ntwo\n');
});

it('at the end nothing is written behind a write that is under way', () => {
  const reader = new Reader();
  const log = new LogStream(2, reader);
  log.write('one\n');
  log.write('two\n');
  log.flush();
  expect(reader.text).toBe('');
});
