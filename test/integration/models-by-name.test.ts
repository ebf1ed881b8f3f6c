/** Which model and version answers `/predict?model=…&version=…`. */
import { afterEach, describe, expect, it } from 'vitest';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { post, serve, type TestService } from '../support/running-service.js';

let service: TestService | null = null;
afterEach(async () => {
  await service?.stop();
  service = null;
});

describe('a model asked for by name', () => {
  it('answers as it does without, by its name, run id and version', async () => {
    const folder = temporaryFolder();
    const { run_id: runId, model_sha256: digest } = await promoteFixture(folder);
    service = await serve(folder);
    for (const query of ['', '?model=default', `?model=default&version=${runId}`, `?version=${digest.slice(0, 12)}`]) {
      const { status, json } = await post(service, payload(), { path: `/predict${query}` });
      expect([query, status, json['run_id'], json['identifier']]).toEqual([query, 200, runId, 'default']);
    }
  });

  it.each([
    ['?model=other', 404, "There is no model 'other' here; there is default"],
    ['?model=', 404, "There is no model '' here; there is default"],
    ['?version=7', 404, /^Model 'default' has no version '7' here; there is [0-9a-f]{32}$/],
    [`?model=${'x'.repeat(500)}`, 404, `There is no model '${'x'.repeat(64)}' here; there is default`],
    ['?model=default&model=default', 422, "'model' must be given once"],
  ])('%s is %d', async (query, status, detail) => {
    const folder = temporaryFolder();
    await promoteFixture(folder);
    service = await serve(folder);
    const answer = await post(service, payload(), { path: `/predict${query}` });
    expect(answer).toMatchObject({
      status,
      json: {
        code: status === 404 ? 'FLTS_UNKNOWN_MODEL' : 'FLTS_BAD_PARAMETER',
        detail: typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string),
      },
    });
  });

  it('that is not there yet is not ready', async () => {
    service = await serve(temporaryFolder());
    const answer = await post(service, payload(), { path: '/predict?model=default&version=1' });
    expect(answer).toMatchObject({ status: 503, json: { code: 'FLTS_NOT_READY' } });
  });
});
