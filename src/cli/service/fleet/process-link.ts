import { ERRORS, type ErrorCode, FltsError } from '../../../contract/index.js';
import type { QuestionName, Questions } from './questions.js';

/** The channel between two processes: what is sent arrives once and in order, or the channel ends. */
export interface Channel {
  /** `onFailed` is called when it could not be sent. */
  send(message: LinkMessage, onFailed: (error: Error) => void): void;
}

/** Errors cross the channel as what the catalogue knows of them. */
interface ErrorFacts {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

export type LinkMessage =
  | { readonly kind: 'ask'; readonly id: number; readonly name: QuestionName; readonly body: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorFacts };

export type Handlers = {
  readonly [Name in QuestionName]?: (body: Questions[Name]['ask']) => Promise<Questions[Name]['answer']>;
};

interface Pending {
  resolve(body: unknown): void;
  reject(error: Error): void;
}

/** Questions without an answer yet; more are refused. */
const MAX_PENDING = 1000;

/** Asks another process, and answers what it asks. */
export class ProcessLink {
  readonly #channel: Channel;
  readonly #handlers: Handlers;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #closedBy: Error | null = null;

  constructor(channel: Channel, handlers: Handlers) {
    this.#channel = channel;
    this.#handlers = handlers;
  }

  /** Rejects with what the other side threw, or with FLTS_PROCESS_FAILED when no answer came in `timeoutMs`. */
  ask<Name extends QuestionName>(
    name: Name,
    body: Questions[Name]['ask'],
    timeoutMs: number,
  ): Promise<Questions[Name]['answer']> {
    if (this.#closedBy !== null) return Promise.reject(this.#closedBy);
    if (this.#pending.size >= MAX_PENDING) return Promise.reject(failure(`too many questions wait for '${name}'`));
    const id = this.#nextId++;
    return new Promise<Questions[Name]['answer']>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
      };
      const timer = setTimeout(() => {
        settle();
        reject(failure(`no answer to '${name}' within ${timeoutMs} ms`));
      }, timeoutMs);
      const pending: Pending = {
        resolve: (answer) => {
          settle();
          // Both sides are of one build, so the answer has the type that the question promises.
          resolve(answer as Questions[Name]['answer']);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#pending.set(id, pending);
      this.#channel.send({ kind: 'ask', id, name, body }, (error) => {
        pending.reject(failure(`'${name}' could not be asked: ${error.message}`));
      });
    });
  }

  /** To be called with every message of the channel. */
  receive(message: LinkMessage): void {
    if (message.kind === 'ask') {
      void this.#answer(message.id, message.name, message.body);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (message.kind === 'answer') pending?.resolve(message.body);
    else pending?.reject(new FltsError(message.error.code, message.error.message, { remedy: message.error.remedy }));
  }

  /** The other side is gone: whoever waits for it is told why. */
  close(why: string): void {
    this.#closedBy = failure(why);
    for (const pending of [...this.#pending.values()]) pending.reject(this.#closedBy);
  }

  async #answer(id: number, name: QuestionName, body: unknown): Promise<void> {
    const handler = this.#handlers[name] as ((body: unknown) => Promise<unknown>) | undefined;
    let message: LinkMessage;
    try {
      if (handler === undefined) throw failure(`nobody answers '${name}' here`);
      message = { kind: 'answer', id, body: await handler(body) };
    } catch (error) {
      message = { kind: 'failed', id, error: factsOf(error) };
    }
    // Who asked and went away waits no more.
    this.#channel.send(message, () => undefined);
  }
}

function failure(why: string): FltsError {
  return new FltsError('FLTS_PROCESS_FAILED', `A serving process failed: ${why}.`);
}

function factsOf(error: unknown): ErrorFacts {
  if (error instanceof FltsError) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'FLTS_INTERNAL', message, remedy: ERRORS.FLTS_INTERNAL.remedy };
}
