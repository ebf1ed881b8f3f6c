import { FltsError } from '../../contract/index.js';
import { isPlainPath } from '../objects/object-key.js';

/** Which model of an MLflow server is meant. */
export type MlflowPlace =
  | { readonly kind: 'alias'; readonly name: string; readonly alias: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: string }
  /** `runs:/RUN_ID/PATH`, or `models:/m-…` as MLflow 3 names what a run logged. */
  | { readonly kind: 'artifacts'; readonly uri: string };

/** The alias of a registered model that is named without one, as MLflow's own pages suggest it. */
export const DEFAULT_ALIAS = 'champion';

// Quotes would end a filter's text; the rest has a meaning in the URI.
const NAME = /^[^/@:%'"`\p{Cc}]{1,250}$/u;

/**
 * `mlflow:` before `models:/NAME`, `models:/NAME@ALIAS`, `models:/NAME/VERSION`, `models:/m-MODEL_ID` or
 * `runs:/RUN_ID/PATH`. Throws FLTS_USAGE for anything else.
 */
export function parseMlflowUri(uri: string): MlflowPlace {
  const text = uri.replace(/^mlflow:/, '');
  if (/^models:\/m-[0-9a-f]{32}$/.test(text)) return { kind: 'artifacts', uri: text };
  const [, name = '', separator, rest = ''] = /^models:\/([^/@]+)(?:([/@])(.*))?$/.exec(text) ?? [];
  if (NAME.test(name)) {
    if (separator === undefined) return { kind: 'alias', name, alias: DEFAULT_ALIAS };
    if (separator === '@' && /^[\w.-]{1,250}$/.test(rest)) return { kind: 'alias', name, alias: rest };
    if (separator === '/' && /^[1-9]\d{0,15}$/.test(rest)) return { kind: 'version', name, version: rest };
  }
  const [, path = ''] = /^runs:\/[0-9a-f]{32}\/(.+)$/.exec(text) ?? [];
  if (isPlainPath(path)) return { kind: 'artifacts', uri: text };
  throw new FltsError('FLTS_USAGE', `${JSON.stringify(uri.slice(0, 200))} names no model of MLflow.`, {
    remedy: 'Give mlflow:models:/NAME@ALIAS, mlflow:models:/NAME/VERSION or mlflow:runs:/RUN_ID/PATH.',
  });
}
