import { write, writeSync } from 'node:fs';

/** What a reader that has stopped may cost in memory; further lines are dropped until it reads again. */
const MAX_HELD_BYTES = 1_048_576;
/** How long to wait where a pipe is full and does not block. */
const RETRY_MS = 100;

/** The writing of a file descriptor; node:fs, unless a test says otherwise. */
export interface Writing {
  write(fd: number, bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  writeSync(fd: number, bytes: Buffer): number;
}

/**
 * Log lines to a file descriptor whose reader may be slow, stop, or go away. Guarantees: `write` never blocks and never
 * throws, at most `MAX_HELD_BYTES` are held, lines are whole and in order, and how many were dropped is said once there
 * is room again. Writing on the calling thread, as loggers like to do, stops the whole service when nobody reads.
 */
export class LogStream {
  readonly #fd: number;
  readonly #writing: Writing;
  /** Whole lines, or the rest of one; the first is being written while the state says so. */
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #dropped = 0;
  #state: 'idle' | 'writing' | 'waiting' = 'idle';
  #broken = false;

  constructor(fd: number, writing: Writing = { write, writeSync }) {
    this.#fd = fd;
    this.#writing = writing;
  }

  /** Takes one line, with its end. */
  write(line: string): void {
    if (this.#broken) return;
    const bytes = Buffer.from(line);
    if (this.#heldBytes + bytes.length > MAX_HELD_BYTES) {
      this.#dropped++;
      return;
    }
    this.#hold(bytes);
    this.#next();
  }

  /**
   * For the end of the process: writes what is held, as far as the reader takes it. While a write is under way nothing
   * more is written: it may be stuck, and so would this.
   */
  flush(): void {
    try {
      while (this.#state !== 'writing' && !this.#broken && this.#held[0] !== undefined) {
        this.#take(this.#writing.writeSync(this.#fd, this.#held[0]));
      }
    } catch {
      // Nobody reads any more, and there is nowhere to say so.
      this.#broken = true;
    }
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #take(written: number): void {
    const [first] = this.#held;
    if (first === undefined) return;
    this.#heldBytes -= written;
    if (written < first.length) this.#held[0] = first.subarray(written);
    else this.#held.shift();
  }

  #next(): void {
    const [first] = this.#held;
    if (this.#state !== 'idle' || first === undefined) return;
    this.#state = 'writing';
    this.#writing.write(this.#fd, first, (error, written) => {
      if (error === null) {
        this.#state = 'idle';
        this.#take(written);
        this.#sayDropped();
        this.#next();
      } else if (error.code === 'EAGAIN') {
        this.#state = 'waiting';
        setTimeout(() => {
          this.#state = 'idle';
          this.#next();
        }, RETRY_MS).unref();
      } else {
        this.#broken = true;
      }
    });
  }

  #sayDropped(): void {
    if (this.#dropped === 0 || this.#heldBytes > MAX_HELD_BYTES / 2) return;
    const line = { level: 'warn', time: Date.now(), event: 'log lines dropped', lines: this.#dropped };
    this.#dropped = 0;
    this.#hold(Buffer.from(`${JSON.stringify(line)}\n`));
  }
}
