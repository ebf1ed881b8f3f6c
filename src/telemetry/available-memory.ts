import type { FreeMemory } from '../serving/ports.js';
import { fieldsOf, type ReadText, readCgroup, readMemoryStat, readTextOrNull } from './cgroup.js';

/**
 * The memory that this process may still use: the least of what the machine has (MemAvailable) and what the control
 * group's limit leaves. Of the group's use, file pages that were not touched lately do not count: the kernel drops
 * them on demand.
 */
export class AvailableMemory implements FreeMemory {
  readonly #read: ReadText;

  constructor(read: ReadText = readTextOrNull) {
    this.#read = read;
  }

  async availableBytes(): Promise<number | null> {
    const machine = /^MemAvailable:\s+(\d+) kB$/m.exec((await this.#read('/proc/meminfo')) ?? '')?.[1];
    const bounds = [machine === undefined ? null : Number(machine) * 1024, await this.#leftInGroup()];
    const known = bounds.filter((bytes) => bytes !== null);
    return known.length === 0 ? null : Math.max(0, Math.min(...known));
  }

  async #leftInGroup(): Promise<number | null> {
    const group = await readCgroup(this.#read);
    if (group === null || group.memory_limit_bytes === null || group.memory_bytes === null) return null;
    const stat = fieldsOf(await readMemoryStat(this.#read, group.version));
    const droppable = stat.get('total_inactive_file') ?? stat.get('inactive_file') ?? 0;
    return group.memory_limit_bytes - (group.memory_bytes - droppable);
  }
}
