import { Agent, request } from 'undici';

/** How the answers were, by replica and by what went wrong. */
export interface Tally {
  readonly byReplica: Map<string, number>;
  readonly failures: string[];
}

/** Clients that each send every so often, or once the answer is there if that is later, on kept connections. */
export class SteadyClients {
  readonly #url: string;
  readonly #body: string;
  readonly #everyMs: number;
  readonly #agent: Agent;
  readonly #loops: Promise<void>[];
  #tally: Tally = { byReplica: new Map(), failures: [] };
  #isOver = false;

  constructor(url: string, body: object, options: { clients: number; everyMs: number }) {
    this.#url = `${url}/predict`;
    this.#body = JSON.stringify(body);
    this.#everyMs = options.everyMs;
    this.#agent = new Agent({ connections: options.clients, pipelining: 1 });
    this.#loops = Array.from({ length: options.clients }, () => this.#loop());
  }

  /** Answers so far, since the last `take`. */
  get answers(): number {
    return [...this.#tally.byReplica.values()].reduce((total, count) => total + count, 0);
  }

  /** Whether anything went wrong since the last `take`. */
  get hasFailed(): boolean {
    return this.#tally.failures.length > 0;
  }

  answersOf(replica: string): number {
    return this.#tally.byReplica.get(replica) ?? 0;
  }

  /** What was counted since the last time. */
  take(): Tally {
    const tally = this.#tally;
    this.#tally = { byReplica: new Map(), failures: [] };
    return tally;
  }

  /** Ends once what is under way is answered; what was counted since the last time. */
  async stop(): Promise<Tally> {
    const isFirst = !this.#isOver;
    this.#isOver = true;
    await Promise.all(this.#loops);
    if (isFirst) await this.#agent.close();
    return this.take();
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      const nextAt = performance.now() + this.#everyMs;
      await this.#askOnce();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAt - performance.now())));
    }
  }

  async #askOnce(): Promise<void> {
    try {
      const { statusCode, headers, body } = await request(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: this.#body,
        dispatcher: this.#agent,
      });
      const text = await body.text();
      const replica = String(headers['x-replica-id']);
      if (statusCode === 200) this.#tally.byReplica.set(replica, this.answersOf(replica) + 1);
      else this.#tally.failures.push(`${statusCode} from ${replica}: ${text.slice(0, 200)}`);
    } catch (error) {
      this.#tally.failures.push(String(error));
    }
  }
}
