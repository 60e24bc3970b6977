/** Times and durations in words. Each is given the moment that it is now. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, or in how long: `12 s ago`, `in 3 min`. */
export function relative(at: string | number, now: number): string {
  const moment = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(moment)) return String(at);
  const distance = now - moment;
  const size = Math.abs(distance);
  if (size < 2 * SECOND) return 'now';
  return distance > 0 ? `${roughly(size)} ago` : `in ${roughly(size)}`;
}

/** A duration in its largest unit alone: what is read at a glance, and does not flicker. */
export function roughly(size: number): string {
  if (size < MINUTE) return `${Math.floor(size / SECOND)} s`;
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < 2 * DAY) return `${Math.floor(size / HOUR)} h`;
  return `${Math.floor(size / DAY)} d`;
}

/** A duration in its two largest units: `2 h 5 min`, `3 d`, `42 s`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (size < SECOND) return `${sign}${Math.round(size)} ms`;
  if (size < MINUTE) return `${sign}${Math.round(size / SECOND)} s`;
  if (size < HOUR) return sign + two(size, MINUTE, 'min', SECOND, 's', 5 * MINUTE);
  if (size < DAY) return sign + two(size, HOUR, 'h', MINUTE, 'min', 10 * HOUR);
  return sign + two(size, DAY, 'd', HOUR, 'h', 10 * DAY);
}

function two(
  size: number,
  unit: number,
  word: string,
  part: number,
  partWord: string,
  roundFrom: number,
): string {
  if (size >= roundFrom) return `${Math.round(size / unit)} ${word}`;
  const whole = Math.floor(size / unit);
  const rest = Math.floor((size - whole * unit) / part);
  return rest === 0 ? `${whole} ${word}` : `${whole} ${word} ${rest} ${partWord}`;
}

/** Local, or UTC. */
export type Zone = 'local' | 'utc';

const TO_THE_DAY: Intl.DateTimeFormatOptions = { day: '2-digit', month: 'short' };
const TO_THE_MINUTE: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
};
const TO_THE_SECOND: Intl.DateTimeFormatOptions = { ...TO_THE_MINUTE, second: '2-digit' };
const WHOLE: Intl.DateTimeFormatOptions = {
  ...TO_THE_DAY,
  ...TO_THE_SECOND,
  year: 'numeric',
  timeZoneName: 'short',
};

/** To make a format costs more than to use it: each is made once. */
const formats = new Map<Intl.DateTimeFormatOptions, Record<Zone, Intl.DateTimeFormat>>();

function formatted(at: string | number, options: Intl.DateTimeFormatOptions, zone: Zone): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  let made = formats.get(options);
  if (!made) {
    const local = new Intl.DateTimeFormat('en-GB', options);
    const utc = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' });
    made = { local, utc };
    formats.set(options, made);
  }
  return made[zone].format(date);
}

/** The moment itself, to the second, with its zone. */
export function absolute(at: string | number, zone: Zone = 'local'): string {
  return formatted(at, WHOLE, zone);
}

/** The time of day alone. */
export function clock(at: string | number, zone: Zone = 'local'): string {
  return formatted(at, TO_THE_SECOND, zone);
}

/** Steps of an axis, the finest first. */
const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
  91 * DAY,
  364 * DAY,
];

/** The finest step that is at least so wide. */
export function stepOf(ms: number): number {
  return STEPS.find((step) => step >= ms) ?? 364 * DAY;
}

/** The label of an axis at a moment, given the step. */
export function axisLabel(at: number, step: number, zone: Zone = 'local'): string {
  return formatted(
    at,
    step >= DAY ? TO_THE_DAY : step >= MINUTE ? TO_THE_MINUTE : TO_THE_SECOND,
    zone,
  );
}
