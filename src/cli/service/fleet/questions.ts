import type { IndexEntry, QueueStats, ReloadReply, ScaleReply, Settings } from '../../../contract/index.js';
import type { ProcessFigures } from '../../../serving/index.js';
import type { MetricsSnapshot } from '../../../telemetry/index.js';

/** What a serving process is started with. */
export interface StartOrder {
  readonly settings: Settings;
  readonly version: string;
  readonly replicaId: string;
  /** Which of the processes it is, from 1; another may have been it before. */
  readonly slot: number;
  readonly listensWhenReady: boolean;
}

/** Everything that a process has counted. */
export interface ProcessRecord {
  readonly figures: ProcessFigures;
  readonly metrics: MetricsSnapshot;
}

interface Question<Ask, Answer> {
  readonly ask: Ask;
  readonly answer: Answer;
}

/** What the first process and the serving processes ask each other. */
export interface Questions {
  // the first process asks a serving one
  start: Question<StartOrder, { url: string }>;
  figures: Question<null, ProcessFigures>;
  metrics: Question<null, MetricsSnapshot>;
  index: Question<null, readonly IndexEntry[]>;
  reload: Question<null, ReloadReply>;
  scale: Question<number, ScaleReply>;
  stop: Question<null, { isClean: boolean }>;
  /** A serving process says that it can be asked: what is sent to it before gets lost. */
  awake: Question<null, null>;
  // a serving process asks the first one, on behalf of its clients
  machineReadiness: Question<null, { ready: boolean; reason: string | null }>;
  machineStats: Question<null, QueueStats>;
  machineMetrics: Question<null, string>;
  machineIndex: Question<null, readonly IndexEntry[]>;
  machineReload: Question<null, ReloadReply>;
  machineScale: Question<number, ScaleReply>;
  /** Told before it goes of its own accord. */
  leaving: Question<ProcessRecord, null>;
}

export type QuestionName = keyof Questions;
