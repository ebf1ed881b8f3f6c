/** What loading a version would take and what there is, bytes. */
export interface MemorySnapshot {
  readonly neededBytes: number;
  /** What the process may still use; null where the platform does not tell. */
  readonly availableBytes: number | null;
  /** What must stay free after it is loaded. */
  readonly reserveBytes: number;
}

const MIB = 1024 * 1024;

/** Why a version should not be loaded: what serves could be killed for want of memory. Null when there is room. */
export function lackOfMemory({ neededBytes, availableBytes, reserveBytes }: MemorySnapshot): string | null {
  if (availableBytes === null || availableBytes >= neededBytes + reserveBytes) return null;
  const [needed, available, reserve] = [neededBytes, availableBytes, reserveBytes].map((bytes) =>
    Math.ceil(bytes / MIB),
  );
  return `it needs about ${needed ?? 0} MiB, and ${reserve ?? 0} MiB must stay free, but only ${available ?? 0} MiB are left`;
}
