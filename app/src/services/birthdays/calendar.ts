/** A calendar date, `YYYY-MM-DD`, without time or zone. With four-digit years it sorts as text. */
export type Day = `${number}-${number}-${number}`;

/** Whether the text has the form of a date. */
export const isDay = (text: string): text is Day => /^\d{4}-\d\d-\d\d$/.test(text);

/** The date at `moment` in the time zone `zone` (see isTimeZone). */
export function dayIn(zone: string, moment: Date): Day {
  // The default zone, on a fast path.
  if (zone === 'UTC') return dayInUtc(moment);
  const { year, month, day } = Object.fromEntries(
    formatterFor(zone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, value]),
  );
  return `${Number(year)}-${month as `${number}`}-${day as `${number}`}`;
}

/** Formatted once a day. */
function dayInUtc(moment: Date): Day {
  const number = Math.floor(moment.getTime() / msOfDay);
  if (number !== utc.number) Object.assign(utc, { number, day: moment.toISOString().slice(0, 10) });
  return utc.day;
}

const msOfDay = 86_400_000;
const utc: { number: number; day: Day } = { number: 0, day: '1970-01-01' };

/** Whether the text is the name of a time zone: `Europe/Madrid`, `UTC` (https://www.iana.org/time-zones). */
export function isTimeZone(text: string): boolean {
  try {
    formatterFor(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The number of days from `today` until the birthday of a person born on `born`; 0 on the birthday itself. A birthday
 * on 29 February is celebrated on 1 March in common years (see README.md).
 */
export function daysUntilBirthday(born: Day, today: Day): number {
  const [year, birthday] = [Number(today.slice(0, 4)), born.slice(5)];
  const [now, thisYear] = [numberOf(year, today.slice(5)), numberOf(year, birthday)];
  return (thisYear >= now ? thisYear : numberOf(year + 1, birthday)) - now;
}

/** Days since 1970 in UTC, which has no daylight saving time. 29 February 2027 becomes 1 March. */
const numberOf = (year: number, monthAndDay: string) =>
  Date.UTC(year, Number(monthAndDay.slice(0, 2)) - 1, Number(monthAndDay.slice(3))) / msOfDay;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Creating a formatter is expensive. There are about 600 time zones, which bounds the cache. */
function formatterFor(zone: string): Intl.DateTimeFormat {
  const name = zone.toLowerCase();
  const formatter = formatters.get(name) ?? newFormatter(zone);
  formatters.set(name, formatter);
  return formatter;
}

const newFormatter = (timeZone: string) =>
  new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
