import type { ErrorEntry } from './error-entry.js';

/** What the command line meets. */
export const COMMAND_ERRORS = {
  FLTS_USAGE: { status: null, exit: 'usage', problem: 'The command line is wrong.', remedy: 'See --help.' },
  FLTS_SETTINGS: {
    status: null,
    exit: 'usage',
    problem: 'A setting is unknown or has a bad value.',
    remedy: 'See `flts config` for every setting, its range and where its value came from.',
  },
  FLTS_FILE_NOT_FOUND: {
    status: null,
    exit: 'not_found',
    problem: 'A file or folder is not there.',
    remedy: 'Check the path.',
  },
  FLTS_CSV: {
    status: null,
    exit: 'input',
    problem: 'A CSV file cannot be read as cell traffic.',
    remedy: 'Mend the line that the message names.',
  },
  FLTS_TOO_LITTLE_DATA: {
    status: null,
    exit: 'input',
    problem: 'There are too few rows for what was asked.',
    remedy: 'Give more rows.',
  },
  FLTS_NO_MODEL: {
    status: null,
    exit: 'not_found',
    problem: 'The registry has no such model, or none is promoted.',
    remedy: 'Train one: `flts train FILE.csv --promote`; `flts models list` shows what is there.',
  },
  FLTS_BUNDLE_CORRUPT: {
    status: null,
    exit: 'refused',
    problem: 'A model bundle is damaged: a part is missing, unreadable, or has another digest.',
    remedy: 'Train or copy it again; `flts models verify` names the damaged part.',
  },
  FLTS_BUNDLE_VERSION: {
    status: null,
    exit: 'refused',
    problem: 'A file was written by a newer version.',
    remedy: 'Upgrade flts.',
  },
  FLTS_GOLDEN_MISMATCH: {
    status: null,
    exit: 'refused',
    problem: 'The model does not reproduce its golden window.',
    remedy: 'Do not serve it; train it again.',
  },
  FLTS_PROMOTION_REFUSED: {
    status: null,
    exit: 'refused',
    problem: 'The model is no better than persistence on held-out rows.',
    remedy: 'Train a better one, or override with --force (recorded).',
  },
  FLTS_REMOVAL_REFUSED: {
    status: null,
    exit: 'refused',
    problem: 'A model version that is needed cannot be removed.',
    remedy: 'Promote another one first.',
  },
  FLTS_NO_EARLIER_MODEL: {
    status: null,
    exit: 'not_found',
    problem: 'There is no earlier model version to go back to.',
    remedy: 'Choose one of `flts models list` and promote it: `flts models promote RUN_ID`.',
  },
  FLTS_RUN_BUNDLE: {
    status: null,
    exit: 'input',
    problem: 'A run bundle cannot be read.',
    remedy: 'Check the folder; it needs at least run.json.',
  },
  FLTS_SCENARIO: {
    status: null,
    exit: 'usage',
    problem: 'A load-test scenario is wrong.',
    remedy: 'Mend the lines that the message names.',
  },
  FLTS_TARGET_DOWN: {
    status: null,
    exit: 'environment',
    problem: 'The target of the load test or forecast does not answer.',
    remedy: 'Start it (`flts serve`), or check the URL.',
  },
  FLTS_TARGET_REFUSED: {
    status: null,
    exit: 'environment',
    problem: 'The target of the load test does not take such requests.',
    remedy: 'Check the path, keys (--header) and columns (--columns, --data) against what the target expects.',
  },
  FLTS_TARGET_NOT_LOCAL: {
    status: null,
    exit: 'refused',
    problem: 'A heavy load test was aimed beyond this machine.',
    remedy: 'Make sure that you may load that host, then add --yes.',
  },
  FLTS_PORT_IN_USE: {
    status: null,
    exit: 'environment',
    problem: 'The port is taken.',
    remedy: 'Choose another with --port, or stop the process that has it.',
  },
  FLTS_CANNOT_LISTEN: {
    status: null,
    exit: 'environment',
    problem: 'The service cannot listen on the address.',
    remedy: 'Choose an address of this machine with --host, and a port above 1023 with --port.',
  },
  FLTS_NO_DEVICE: {
    status: null,
    exit: 'environment',
    problem: 'The device cannot be used.',
    remedy:
      'Serve with --device cpu, or install the GPU driver and ONNX Runtime’s CUDA libraries beside onnxruntime-node.',
  },
  FLTS_PROCESS_FAILED: {
    status: 503,
    exit: 'environment',
    problem: 'A serving process could not be started, or did not answer in time.',
    remedy: 'Look at the log for what it said before; it is replaced.',
  },
  FLTS_CANNOT_WRITE: {
    status: null,
    exit: 'environment',
    problem: 'A file cannot be written: disk full, no right, or no such folder.',
    remedy: 'Free space or choose another folder. Nothing half-written is left behind.',
  },
  FLTS_INTERRUPTED: {
    status: null,
    exit: 'interrupted',
    problem: 'The command was interrupted before it was done.',
    remedy: 'Run it again.',
  },
  FLTS_RUN_INVALID: {
    status: null,
    exit: 'invalid_run',
    problem: 'The load test is INVALID: its figures cannot be trusted.',
    remedy: 'Mend what the reasons name, and run it again.',
  },
  FLTS_REQUIREMENT_FAILED: {
    status: null,
    exit: 'requirement_failed',
    problem: 'A requirement of the load test was not met.',
    remedy: 'See the requirements table of the report.',
  },
} as const satisfies Record<string, ErrorEntry>;
