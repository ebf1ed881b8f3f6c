import { describe, expect, it } from 'vitest';
import { loadScenario, parseScenario } from './load-scenario.js';
import { INITIAL_SCENARIO } from './initial-scenario.js';
import { preset, scaled } from './presets.js';
import { checkConsent, resolveTarget } from './resolve-target.js';

describe('parseScenario', () => {
  it('reads phases, request and requirements', () => {
    const scenario = parseScenario(
      'name: mine\nrequest: {horizon: 3, headers: {X-Api-Key: k}}\nphases:\n  - {name: low, users: 5, duration_s: 10, think_s: 0.5}\nrequire: [p95@low<1s]\n',
      'x.yaml',
    );
    expect(scenario).toEqual({
      name: 'mine',
      request: { horizon: 3, headers: { 'X-Api-Key': 'k' } },
      phases: [{ name: 'low', users: 5, duration_s: 10, think_s: 0.5 }],
      require: ['p95@low<1s'],
    });
  });

  it('takes the scenario that --init writes, and what its comments offer', () => {
    expect(parseScenario(INITIAL_SCENARIO, 'x.yaml').phases).toHaveLength(3);
    const uncommented = INITIAL_SCENARIO.replace(
      /^( *)# (?=- \{|abort|search|headers|data|horizon|keep|requests_per|tls|template|expect)/gm,
      '$1',
    ).replace(/^((?:abort|search|  [a-z_]+): .*?)(?: {3,}[a-z].*)$/gm, '$1');
    expect(parseScenario(uncommented, 'x.yaml')).toMatchObject({
      request: { horizon: [1, 10, 30], tls: { ca: 'authority.pem' } },
      search: { require: 'p95<200ms' },
      abort: ['success<50%'],
    });
  });

  it('tells all problems at once, with their lines', () => {
    const text =
      'name: mine\nphases:\n  - name: a b\n    users: 0\n    duration_s: 5\n  - name: ok\n    user: 3\n    users: 3\n';
    expect(() => parseScenario(text, 'x.yaml')).toThrow(
      /^x\.yaml is no scenario: .*line 3: .*; line 4: .*; line 7: unknown key "user"/,
    );
  });

  it.each([
    ['phases: []', 'phases'],
    ['phases:\n  - {name: a, users: 1}', 'line 2: phase "a" needs duration_s or requests_per_user'],
    [
      'phases:\n  - {name: a, users: 1, duration_s: 1}\n  - {name: a, users: 1, duration_s: 1}',
      'line 3: two phases are called "a"',
    ],
    ['phases:\n  - {name: a, users: 1, duration_s: 1, kind: warmup}', 'nothing would be measured'],
    [
      'phases:\n  - {name: a, users: 1, duration_s: 1}\nrequire: [p95@b<1s]',
      'line 3: requirement "p95@b<1s" names the phase "b"; there are a',
    ],
    ['phases:\n  - {name: a, users: 1, duration_s: 1}\nrequire: [p95]', 'line 3: Requirement "p95" cannot be read'],
    ['request: {body: {}, rows: 3}\nphases:\n  - {name: a, users: 1, duration_s: 1}', 'a fixed body is given'],
    ['phases: [\n', 'line 2'],
    ['phases:\n  - {name: a, duration_s: 1}', 'line 2: phase "a" needs one of users, rate and of_capacity'],
    ['phases:\n  - {name: a, users: 1, rate: 2, duration_s: 1}', 'it has users and rate'],
    ['phases:\n  - {name: a, rate: 2}', 'line 2: phase "a" needs duration_s'],
    ['phases:\n  - {name: a, rate: 2, think_s: 1, duration_s: 1}', '"think_s" belongs to phases with users'],
    ['phases:\n  - {name: a, users: 2, arrivals: poisson, duration_s: 1}', '"arrivals" belongs to phases with a rate'],
    ['phases:\n  - {name: a, users: 2, from_users: 1, duration_s: 1}', '"from_users" belongs to a ramp or a spike'],
    ['phases:\n  - {name: a, kind: ramp, users: 2, duration_s: 1}', 'is a ramp and needs from_users'],
    [
      'phases:\n  - {name: a, kind: spike, from_users: 3, users: 2, duration_s: 1}',
      'begins at 3 and must rise above it',
    ],
    ['phases:\n  - {name: a, users: 1, duration_s: 1, require: [p95@a<1s]}', 'drop "@a"'],
    [
      'phases:\n  - {name: a, users: 1, duration_s: 1}\nabort: [uptime<1]',
      'line 3: abort rule "uptime<1" asks for uptime',
    ],
    [
      'phases:\n  - {name: a, users: 1, duration_s: 1}\nsearch: {require: fast}',
      'line 3: Requirement "fast" cannot be read',
    ],
    ['request: {headers: {Host: x}}\nphases:\n  - {name: a, users: 1, duration_s: 1}', 'line 1: the header "Host"'],
    ['request: {headers: {X: "a\\r\\nY: b"}}\nphases:\n  - {name: a, users: 1, duration_s: 1}', 'line 1'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseScenario(text, 'x.yaml')).toThrow(problem);
  });

  it('names the presets when there is no such file', async () => {
    await expect(loadScenario('nightly')).rejects.toMatchObject({
      code: 'FLTS_FILE_NOT_FOUND',
      message: expect.stringContaining('(smoke, progressive, production, capacity, overload)') as string,
    });
  });
});

describe('presets', () => {
  it('smoke: 10, 50, 100 users × 2 requests with pauses of 10 s', () => {
    expect(preset('smoke')?.phases).toEqual([
      { name: '10', users: 10, requests_per_user: 2, pause_s: 0 },
      { name: '50', users: 50, requests_per_user: 2, pause_s: 10 },
      { name: '100', users: 100, requests_per_user: 2, pause_s: 10 },
    ]);
  });

  it('progressive: the same users, 30 s each; scaled, but never below 5 s', () => {
    const lengths = (scale: number) =>
      scaled(preset('progressive')!, scale).phases.map((phase) => [phase.name, phase.duration_s]);
    expect(lengths(1)).toEqual([
      ['warm-up', 5],
      ['10', 30],
      ['50', 30],
      ['100', 30],
    ]);
    expect(lengths(2)).toEqual([
      ['warm-up', 10],
      ['10', 60],
      ['50', 60],
      ['100', 60],
    ]);
    expect(lengths(0.01)).toEqual([
      ['warm-up', 5],
      ['10', 5],
      ['50', 5],
      ['100', 5],
    ]);
    expect(() => lengths(0)).toThrow('above 0');
    expect(preset('toString')).toBeNull();
  });
});

describe('resolveTarget', () => {
  it('takes a service, its /predict, or a host and port', () => {
    expect(resolveTarget('http://127.0.0.1:8000/predict')).toMatchObject({ url: 'http://127.0.0.1:8000', prefix: '' });
    expect(resolveTarget('localhost:9000').endpoint).toEqual({ host: 'localhost', port: 9000, tls: false });
    expect(resolveTarget('https://a.example/base/?token=secret')).toMatchObject({
      url: 'https://a.example/base',
      prefix: '/base',
      endpoint: { port: 443, tls: true },
    });
    expect(resolveTarget('http://[::1]:80').endpoint.host).toBe('::1');
  });

  it.each([['ftp://x'], ['http://user:pass@x'], ['http://'], ['a b']])('refuses %s', (text) => {
    expect(() => resolveTarget(text)).toThrow('--target');
  });

  it('asks for consent beyond this machine', () => {
    const far = resolveTarget('http://a.example');
    expect(() => {
      checkConsent(far, { users: 101, ratePerS: 0 }, false);
    }).toThrow('101 users against http://a.example, which is not this machine, need your consent');
    expect(() => {
      checkConsent(far, { users: 0, ratePerS: 1_001 }, false);
    }).toThrow('1001 requests per second');
    expect(() => {
      checkConsent(far, { users: 101, ratePerS: 5_000 }, true);
      checkConsent(far, { users: 100, ratePerS: 1_000 }, false);
    }).not.toThrow();
    for (const near of ['http://localhost', 'http://127.0.0.1', 'http://[::1]:1']) {
      expect(() => {
        checkConsent(resolveTarget(near), { users: 10_000, ratePerS: 10_000 }, false);
      }).not.toThrow();
    }
    expect(() => {
      checkConsent(resolveTarget('http://127.0.0.1.evil.example'), { users: 101, ratePerS: 0 }, false);
    }).toThrow();
  });
});
