import { describe, expect, it } from 'vitest';
import { readCgroup } from './cgroup.js';
import { networkBytes, ProcessSelfView } from './self-view.js';
import { Utilization } from './utilization.js';

const reader = (files: Record<string, string>) => (path: string) => Promise.resolve(files[path] ?? null);

describe('the control group', () => {
  it('is null where there is none', async () => {
    expect(await readCgroup(reader({}))).toBe(null);
  });

  it('version 2: limits and throttling, from the group’s own folder where it is there', async () => {
    const files = {
      '/proc/self/cgroup': '0::/pod/app\n',
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
      '/sys/fs/cgroup/pod/app/cpu.stat': 'usage_usec 2500000\nnr_periods 100\nnr_throttled 7\nthrottled_usec 350000\n',
      '/sys/fs/cgroup/pod/app/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/memory.current': '1048576\n',
      '/sys/fs/cgroup/memory.max': 'max\n',
      '/sys/fs/cgroup/memory.events': 'low 0\noom 2\noom_kill 1\n',
    };
    expect(await readCgroup(reader(files))).toEqual({
      version: 2,
      cpu_usage_s: 2.5,
      cpu_limit_cores: 1.5,
      cpu_periods_total: 100,
      cpu_throttled_periods_total: 7,
      cpu_throttled_s: 0.35,
      memory_bytes: 1_048_576,
      memory_limit_bytes: null,
      oom_kill_total: 1,
    });
  });

  it('version 1: other names, nanoseconds, and a huge number for no limit', async () => {
    const files = {
      '/proc/self/cgroup': '4:memory:/app\n2:cpu,cpuacct:/app\n',
      '/sys/fs/cgroup/cpu/app/cpu.stat': 'nr_periods 10\nnr_throttled 1\nthrottled_time 2000000000\n',
      '/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/app/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpuacct/app/cpuacct.usage': '3000000000\n',
      '/sys/fs/cgroup/memory/app/memory.usage_in_bytes': '4096\n',
      '/sys/fs/cgroup/memory/app/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/app/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
    };
    expect(await readCgroup(reader(files))).toEqual({
      version: 1,
      cpu_usage_s: 3,
      cpu_limit_cores: null,
      cpu_periods_total: 10,
      cpu_throttled_periods_total: 1,
      cpu_throttled_s: 2,
      memory_bytes: 4096,
      memory_limit_bytes: null,
      oom_kill_total: 3,
    });
  });
});

describe('the process', () => {
  it('sums the bytes of all interfaces', () => {
    const text = `Inter-|   Receive                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo:     100       1    0    0    0     0          0         0      200       1 0 0 0 0 0 0
  eth0:    1000       1    0    0    0     0          0         0     2000       1 0 0 0 0 0 0`;
    expect(networkBytes(text)).toEqual({ rx: 1100, tx: 2200 });
    expect(networkBytes(null)).toBe(null);
  });

  it('says what the kernel says, and null where it says nothing', async () => {
    const view = new ProcessSelfView(
      reader({
        '/proc/sys/kernel/random/boot_id': 'abc\n',
        '/proc/self/io': 'rchar: 9\nread_bytes: 4096\nwrite_bytes: 512\n',
      }),
    );
    await view.refresh();
    expect(view.process()).toMatchObject({
      boot_id: 'abc',
      disk_read_bytes: 4096,
      disk_write_bytes: 512,
      network_rx_bytes: null,
    });
    expect(view.cgroup()).toBe(null);
  });
});

it('utilization is the share of the workers’ time since the last reading of a second ago or more', () => {
  const utilization = new Utilization(0);
  expect(utilization.read(400_000, 2, 500_000)).toBe(0);
  expect(utilization.read(1_000_000, 2, 1_000_000)).toBe(0.5);
  expect(utilization.read(9_000_000, 2, 1_500_000)).toBe(0.5);
  expect(utilization.read(5_000_000, 2, 3_000_000)).toBe(1);
});
