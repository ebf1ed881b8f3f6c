/**
 * Timestamps without `Date`: civil-calendar arithmetic on integers, so that the domain reads no clock and no
 * time zone, and so that parsing costs no allocation.
 *
 * Day arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days).
 */

const DAY_MS = 86_400_000;

/** Days from 1970-01-01 to the given proleptic Gregorian date; `month` 1..12, `day` 1..31. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A calendar date: `month` 1..12, `day` 1..31. */
interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function civilFromDays(days: number): CivilDate {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1,
  };
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function daysInMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

/** The number in `text[from, from + length)`, or NaN when any of these is not a digit. */
function digits(text: string, from: number, length: number): number {
  let value = 0;
  for (let i = from; i < from + length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Milliseconds east of UTC of the offset that starts at `from` and ends the text; NaN when it is none. */
function offsetMs(text: string, from: number): number {
  const sign = text.charCodeAt(from);
  if ((sign === 90 || sign === 122) && text.length === from + 1) return 0;
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const length = text.length - from;
  const hasColon = text.charCodeAt(from + 3) === 58;
  if (length !== 3 && length !== (hasColon ? 6 : 5)) return Number.NaN;
  const hours = digits(text, from + 1, 2);
  const minutes = length === 3 ? 0 : digits(text, from + (hasColon ? 4 : 3), 2);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/**
 * Milliseconds since 1970-01-01T00:00:00Z of an ISO 8601 timestamp, NaN when the text is none.
 *
 * Read: `YYYY-MM-DD`, then optionally `T` or a space and `HH:MM[:SS[.fraction]]`, then optionally `Z` or
 * `±HH[[:]MM]`. Without an offset the time is UTC. Impossible dates (30 February) and 24:00 are NaN; fractions
 * beyond a millisecond are cut.
 */
export function parseTimestampMs(text: string): number {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return Number.NaN;
  const dateMs = daysFromCivil(year, month, day) * DAY_MS;
  if (text.length === 10) return dateMs;

  const separator = text.charCodeAt(10);
  if ((separator !== 84 && separator !== 116 && separator !== 32) || text.charCodeAt(13) !== 58) return Number.NaN;
  const hours = digits(text, 11, 2);
  const minutes = digits(text, 14, 2);
  let seconds = 0;
  let fractionMs = 0;
  let at = 16;
  if (text.charCodeAt(at) === 58) {
    seconds = digits(text, 17, 2);
    at = 19;
    if (text.charCodeAt(at) === 46) {
      const first = ++at;
      for (let weight = 100; text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57; at++, weight /= 10) {
        if (weight >= 1) fractionMs += (text.charCodeAt(at) - 48) * weight;
      }
      if (at === first) return Number.NaN;
    }
  }
  if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return Number.NaN;
  const localMs = dateMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + fractionMs;
  return at === text.length ? localMs : localMs - offsetMs(text, at);
}

/** Whether a readable timestamp names its offset (`Z` or `±HH:MM`); naive ones are read as UTC and answered naive. */
export function hasOffset(text: string): boolean {
  if (text.length <= 16) return false;
  const last = text.charCodeAt(text.length - 1);
  if (last === 90 || last === 122) return true;
  return text.includes('+', 16) || text.includes('-', 16);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** `YYYY-MM-DDTHH:MM:SS[.mmm]` in UTC, ending in `Z` unless `naive`. Range: years 0..9999. */
export function formatTimestamp(epochMs: number, naive: boolean): string {
  const days = Math.floor(epochMs / DAY_MS);
  const msOfDay = epochMs - days * DAY_MS;
  const { year, month, day } = civilFromDays(days);
  const seconds = Math.floor(msOfDay / 1000);
  const ms = msOfDay - seconds * 1000;
  const clock = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}${ms > 0 ? `.${pad(ms, 3)}` : ''}${naive ? '' : 'Z'}`;
}

/** Minute of the day 0..1439, day of the week 0..6 (Monday 0) and day of the year 1..366, all in UTC. */
export function calendarOf(epochMs: number): { minOfDay: number; dayOfWeek: number; dayOfYear: number } {
  const days = Math.floor(epochMs / DAY_MS);
  const { year } = civilFromDays(days);
  return {
    minOfDay: Math.floor((epochMs - days * DAY_MS) / 60_000),
    dayOfWeek: (((days + 3) % 7) + 7) % 7,
    dayOfYear: days - daysFromCivil(year, 1, 1) + 1,
  };
}
