import { FltsError } from '../../contract/index.js';

/** Reads the value of a flag as a number. Throws FLTS_USAGE that names the flag. */
export function numberOf(flag: string): (value: string) => number {
  return (value) => {
    const read = Number(value);
    if (value.trim() !== '' && Number.isFinite(read)) return read;
    throw new FltsError('FLTS_USAGE', `${flag} takes a number, not '${value}'.`);
  };
}

/** Reads a comma-separated list of numbers. Throws FLTS_USAGE that names the flag. */
export function numbersOf(flag: string): (value: string) => number[] {
  return (value) => value.split(',').map(numberOf(flag));
}
