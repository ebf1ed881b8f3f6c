/** Numbers as people read them; the same everywhere in a report. */

const GROUP = /\B(?=(\d{3})+(?!\d))/g;

/** A number with thousands separators and that many decimals. */
export function decimal(value: number, digits: number): string {
  const [whole = '', fraction] = value.toFixed(digits).split('.');
  return fraction === undefined ? whole.replace(GROUP, ',') : `${whole.replace(GROUP, ',')}.${fraction}`;
}

export function count(value: number): string {
  return decimal(value, 0);
}

/** Three significant digits or so: 0.487, 4.64, 51.8, 2,795. */
export function milliseconds(ms: number): string {
  if (ms >= 100) return decimal(ms, 0);
  if (ms >= 10) return decimal(ms, 1);
  return decimal(ms, ms >= 1 ? 2 : 3);
}

export function perSecond(value: number): string {
  return value >= 1_000 ? decimal(value, 0) : decimal(value, value >= 100 ? 1 : 2);
}

/** A lower bound 0..1 as a percentage: rounded down, so that the printed figure is still a bound. */
export function shareAtLeast(value: number): string {
  const digits = value > 0.99 || value < 0.01 ? 3 : 1;
  const scale = 10 ** (digits + 2);
  return share(Math.floor(value * scale) / scale);
}

/** A share 0..1 as a percentage; 100 % only when nothing is missing. */
export function share(value: number): string {
  const percent = value * 100;
  if (percent === 100 || percent === 0) return `${percent} %`;
  const text = decimal(percent, percent > 99 || percent < 1 ? 3 : 1);
  return text.startsWith('100.') ? '> 99.999 %' : `${text} %`;
}

/** A change as a percentage with its sign: +398 %, −12 %, ±0 %. */
export function change(from: number, to: number): string {
  if (from <= 0) return '–';
  const percent = (to / from - 1) * 100;
  const size = Math.abs(percent);
  const text = decimal(size, size < 10 ? 1 : 0);
  if (Number(text) === 0) return '±0 %';
  return `${percent > 0 ? '+' : '−'}${text} %`;
}

export function seconds(s: number): string {
  if (s >= 120) return `${decimal(s / 60, 1)} min`;
  return `${decimal(s, s >= 10 ? 0 : 1)} s`;
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${decimal(value, unit === 0 ? 0 : value >= 100 ? 0 : 1)} ${units[unit] ?? 'B'}`;
}
