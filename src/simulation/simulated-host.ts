import { FltsError } from '../contract/index.js';
import {
  type Clock,
  compileModelSpec,
  type FetchedBundle,
  type InferenceBackend,
  type LoadStep,
  type ModelHost,
  type ModelSpec,
  type VerifySlot,
  WorkerLostError,
} from '../serving/index.js';
import { SimulatedBackend, type SimulatedBackendOptions } from './simulated-backend.js';

/** What is wrong with a version on its way to serving; `none`: nothing. */
export type LoadFault = 'none' | 'digest' | 'shape' | 'crash' | 'golden' | 'not_finite';

export interface SimulatedHostOptions {
  /** How long each step of loading takes, µs. */
  readonly stepUs: number;
  readonly faultOf: (runId: string) => LoadFault;
  /** The workers of a version that is loaded. */
  readonly backendOf: (spec: ModelSpec) => Omit<SimulatedBackendOptions, 'drift'>;
}

const STEPS: readonly { readonly step: LoadStep; readonly fault: LoadFault }[] = [
  { step: 'digest_checked', fault: 'digest' },
  { step: 'loaded', fault: 'shape' },
  { step: 'warmed', fault: 'crash' },
];

/** Loads simulated models on virtual time, in steps that may fail as the real ones do. */
export class SimulatedHost implements ModelHost {
  readonly #clock: Clock;
  readonly #options: SimulatedHostOptions;
  /** Every backend that it has started, in order. */
  readonly backends: SimulatedBackend[] = [];
  readonly neededByVersion = new Map<string, number>();

  constructor(clock: Clock, options: SimulatedHostOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  neededBytes({ bundle }: FetchedBundle): Promise<number> {
    return Promise.resolve(this.neededByVersion.get(bundle.run_id) ?? 1);
  }

  async start(
    { bundle }: FetchedBundle,
    verify: VerifySlot,
    onStep: (step: LoadStep) => void,
  ): Promise<InferenceBackend> {
    const { faultOf, backendOf, stepUs } = this.#options;
    const fault = faultOf(bundle.run_id);
    for (const { step, fault: met } of STEPS) {
      await this.#pass(stepUs);
      if (fault === met) throw problemOf(fault, bundle.run_id);
      onStep(step);
    }
    const spec = compileModelSpec(bundle, '');
    const version = bundle.training.seed;
    const trial = new SimulatedBackend(spec, this.#clock, {
      workers: 1,
      maxRows: 1,
      drift: fault === 'golden' ? version + 1 : version,
      restartUs: 0,
      run: () => ({ durationUs: stepUs, end: fault === 'not_finite' ? 'not_finite' : 'well' }),
    });
    const slot = trial.take();
    if (slot === null) throw new Error('a new backend has a free worker');
    await verify(slot);
    const backend = new SimulatedBackend(spec, this.#clock, { ...backendOf(spec), drift: version });
    this.backends.push(backend);
    return backend;
  }

  #pass(us: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.schedule(us, resolve);
    });
  }
}

function problemOf(fault: LoadFault, runId: string): Error {
  if (fault === 'crash') return new WorkerLostError('the simulated worker died while it loaded');
  const what = fault === 'digest' ? 'its digest is another' : 'its output has another shape';
  return new FltsError('FLTS_BUNDLE_CORRUPT', `The model of run ${runId} cannot be loaded: ${what}.`);
}
