import type { ErrorEntry } from './error-entry.js';

/** What `flts models import` refuses. */
export const IMPORT_ERRORS = {
  FLTS_MODEL_REFUSED: {
    status: null,
    exit: 'refused',
    problem: 'An ONNX file cannot become a model: its content, inputs or outputs are not what a bundle needs.',
    remedy: 'Export it again as the message asks; docs/guides/import-a-model.md has recipes.',
  },
  FLTS_EXAMPLE_MISMATCH: {
    status: null,
    exit: 'refused',
    problem: 'The model does not answer an example as the example says.',
    remedy: 'Check scaler, feature order and units: examples are in raw units; compute them with the exported file.',
  },
  FLTS_IMPORT_INPUT: {
    status: null,
    exit: 'input',
    problem: 'A scaler or example file cannot be read, or does not fit the features and targets.',
    remedy: 'Mend the place that the message names; docs/guides/import-a-model.md has the formats.',
  },
} as const satisfies Record<string, ErrorEntry>;
