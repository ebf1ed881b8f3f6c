import type { Answer } from './answer.js';
import type { ModelSpec } from './model-spec.js';
import type { PreparedRequest } from './prepare-request.js';

/** The reply of `/predict` as JSON, from parts that are JSON already (contract/http.ts has its schema). */
export function replyText(
  spec: ModelSpec,
  request: PreparedRequest,
  answers: readonly Answer[],
  reqId: string,
  cached: boolean,
): string {
  const status = cached ? 'SUCCESS_CACHED' : 'SUCCESS';
  const model = `"identifier":${JSON.stringify(spec.identifier)},"run_id":"${spec.runId}","model_type":${JSON.stringify(spec.modelType)},"model_version":"${spec.version}"`;
  const tail = `"req_id":${JSON.stringify(reqId)},"cached":${cached}`;
  const head = `{"status":"${status}",${model},`;
  if (request.kind === 'data') {
    const answer = answers[0];
    if (answer === undefined) throw new Error('a request has no answer');
    const warnings = [...(request.windows[0]?.warnings ?? []), ...answer.warnings];
    return `${head}${forecastText(answer)},${tail},"warnings":${JSON.stringify(warnings)}}`;
  }
  const series = answers.map((answer, i) => {
    const window = request.windows[i];
    const warnings = [...(window?.warnings ?? []), ...answer.warnings];
    const named = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`;
    return `{"id":${JSON.stringify(window?.id ?? '')},${forecastText(answer)}${named}}`;
  });
  return `${head}"series":[${series.join(',')}],${tail},"warnings":[]}`;
}

function forecastText(answer: Answer): string {
  const intervals = answer.intervals === null ? '' : `,"intervals":${answer.intervals}`;
  return `"predictions":${answer.predictions}${intervals}`;
}
