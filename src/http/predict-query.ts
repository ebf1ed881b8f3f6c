import { FltsError } from '../contract/index.js';
import { ANY_MODEL, type ModelWish } from '../serving/index.js';

/** What the query of `/predict` says. */
export interface PredictQuery {
  /** `inference_length`: a text, several of them, or undefined where there is none. */
  readonly horizon: unknown;
  /** `model` and `version`. */
  readonly wish: ModelWish;
}

const NOTHING: PredictQuery = { horizon: undefined, wish: ANY_MODEL };

/** Throws FLTS_BAD_PARAMETER, 422. Parameters of other names are ignored. */
export function readPredictQuery(url: string, pathLength: number): PredictQuery {
  if (url.length === pathLength) return NOTHING;
  const parameters = new URLSearchParams(url.slice(pathLength + 1));
  const horizons = parameters.getAll('inference_length');
  return {
    horizon: horizons.length > 1 ? horizons : horizons[0],
    wish: { model: only(parameters, 'model'), version: only(parameters, 'version') },
  };
}

function only(parameters: URLSearchParams, name: string): string | null {
  const values = parameters.getAll(name);
  if (values.length > 1) throw new FltsError('FLTS_BAD_PARAMETER', `'${name}' must be given once`);
  return values[0] ?? null;
}
