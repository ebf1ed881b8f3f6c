import { describe, expect, it, vi } from 'vitest';
import { FltsError } from '../../../contract/index.js';
import { type Handlers, type LinkMessage, ProcessLink } from './process-link.js';

/** Two ends of a channel that delivers at once, as structured clones would arrive. */
function pair(a: Handlers, b: Handlers): [ProcessLink, ProcessLink] {
  const ends: [ProcessLink, ProcessLink] = [
    new ProcessLink(
      {
        send: (message) => {
          ends[1].receive(structuredClone(message));
        },
      },
      a,
    ),
    new ProcessLink(
      {
        send: (message) => {
          ends[0].receive(structuredClone(message));
        },
      },
      b,
    ),
  ];
  return ends;
}

describe('two linked processes', () => {
  it('answer each other, though the answers cross', async () => {
    let answerFirst = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      answerFirst = resolve;
    });
    const [one] = pair(
      {},
      {
        scale: async (workers) => {
          if (workers === 1) await first;
          return { workers, before: 0, processes: 1 };
        },
      },
    );
    const slow = one.ask('scale', 1, 1000);
    expect((await one.ask('scale', 2, 1000)).workers).toBe(2);
    answerFirst();
    expect((await slow).workers).toBe(1);
  });

  it('pass on errors of the catalogue as they are, and others without their insides', async () => {
    const known = new FltsError('FLTS_NO_MODEL', 'No model.', { remedy: 'Train one.' });
    const [one] = pair({}, { reload: () => Promise.reject(known), stop: () => Promise.reject(new Error('odd')) });
    await expect(one.ask('reload', null, 1000)).rejects.toMatchObject({
      code: 'FLTS_NO_MODEL',
      message: 'No model.',
      remedy: 'Train one.',
    });
    await expect(one.ask('stop', null, 1000)).rejects.toMatchObject({ code: 'FLTS_INTERNAL', message: 'odd' });
  });

  it('say so when nobody answers such a question', async () => {
    const [one] = pair({}, {});
    await expect(one.ask('stop', null, 1000)).rejects.toMatchObject({ code: 'FLTS_PROCESS_FAILED' });
  });
});

describe('a question', () => {
  it('without an answer ends in time, and one that comes later is of no use to anybody', async () => {
    vi.useFakeTimers();
    const sent: LinkMessage[] = [];
    const link = new ProcessLink({ send: (message) => sent.push(message) }, {});
    const asked = link.ask('figures', null, 1000).catch((error: unknown) => error);
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    expect(await asked).toMatchObject({
      code: 'FLTS_PROCESS_FAILED',
      message: expect.stringContaining('1000 ms') as string,
    });
    link.receive({ kind: 'answer', id: sent[0]!.id, body: null });
  });

  it('fails with the channel: at once when it cannot be sent, and when the other side goes', async () => {
    const broken = new ProcessLink(
      {
        send: (_message, onFailed) => {
          onFailed(new Error('closed'));
        },
      },
      {},
    );
    await expect(broken.ask('figures', null, 1000)).rejects.toThrow('could not be asked: closed');
    const link = new ProcessLink({ send: () => undefined }, {});
    const asked = link.ask('figures', null, 1000);
    link.close('it ended with code 1');
    await expect(asked).rejects.toThrow('it ended with code 1');
    await expect(link.ask('figures', null, 1000)).rejects.toThrow('it ended with code 1');
  });

  it('is refused when too many wait already', async () => {
    const link = new ProcessLink({ send: () => undefined }, {});
    const waiting = Array.from({ length: 1000 }, () => link.ask('figures', null, 60_000));
    await expect(link.ask('figures', null, 1000)).rejects.toThrow('too many questions');
    link.close('done');
    expect((await Promise.allSettled(waiting)).every((one) => one.status === 'rejected')).toBe(true);
  });
});
