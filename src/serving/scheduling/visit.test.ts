import { describe, expect, it } from 'vitest';
import type { Clock } from '../ports.js';
import { AdmissionGate } from './admission-gate.js';
import { Visit } from './visit.js';

const clock: Clock = { nowUs: () => 0, schedule: () => () => undefined, afterTurn: () => undefined };

function gateFor(maxBytesInFlight: number): AdmissionGate {
  const limits = { maxBatchRows: 8, maxQueueLength: 100, maxStepsInFlight: 1000, adaptiveConcurrency: false };
  return new AdmissionGate({ ...limits, maxBytesInFlight, fairShare: true }, clock);
}

function visit(gate: AdmissionGate, client: string, bytes: number): Visit {
  return new Visit(gate, { arrivalUs: 0, askedTimeoutMs: null, priority: 1, client, bytes }, 1, {
    model: null,
    version: null,
  });
}

describe('the bytes of bodies', () => {
  it('count when they are here: who announces much and sends little shuts nobody out', () => {
    const gate = gateFor(1000);
    for (let i = 0; i < 50; i++) visit(gate, 'slow', 900).holdBytes(1);
    expect(gate.bytesInFlight).toBe(50);
    visit(gate, 'good', 400).holdBytes(400);
    expect(gate.bytesInFlight).toBe(450);
  });

  it('are refused by the head already, where there is no room for them', () => {
    const gate = gateFor(1000);
    const first = visit(gate, 'a', 900);
    first.holdBytes(900);
    expect(() => visit(gate, 'b', 101)).toThrow(expect.objectContaining({ code: 'FLTS_BYTES_FULL' }) as Error);
    first.close();
    first.close();
    expect(gate.bytesInFlight).toBe(0);
    visit(gate, 'b', 101).holdBytes(101);
  });

  it('of one client are at most its share, once half of the room is taken', () => {
    const gate = gateFor(1000);
    const greedy = visit(gate, 'greedy', 900);
    const modest = visit(gate, 'modest', 400);
    modest.holdBytes(100);
    greedy.holdBytes(400);
    expect(() => {
      greedy.holdBytes(501);
    }).toThrow(expect.objectContaining({ code: 'FLTS_OVER_SHARE' }) as Error);
    expect(gate.bytesInFlight).toBe(500);
    modest.holdBytes(400);
    modest.close();
    greedy.close();
    expect(gate.bytesInFlight).toBe(0);
  });

  it('of a client that is alone may fill the room', () => {
    const gate = gateFor(1000);
    visit(gate, 'alone', 1000).holdBytes(1000);
    expect(gate.bytesInFlight).toBe(1000);
  });
});
