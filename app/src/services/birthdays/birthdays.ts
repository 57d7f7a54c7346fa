import { notFound } from '@hapi/boom';
import { z } from 'zod';
import type { Database, Dependencies } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import type { Metrics } from '../../http/operations/metrics.ts';
import { cache } from '../cache.ts';
import { type Day, dayIn, daysUntilBirthday, isDay, isTimeZone } from './calendar.ts';

/** The lifetime of a cached value in seconds: how long it can be stale if Redis missed an update. */
const seconds = 60;

/** `PUT` and `GET /hello/{username}`: birthdays stored in MySQL and cached in Redis. `now` returns the current time. */
export function birthdays(
  { database, store }: Dependencies,
  metrics: Metrics,
  now = () => new Date(),
): AnyEndpoint[] {
  const cached = cache(store, metrics, { service: 'birthdays', seconds, isValid: isDay });
  const keyOf = (username: string) => `birthday:${username}`;
  const birthday = z.strictObject({ dateOfBirth: pastDay(() => dayIn('UTC', now())) });
  return [
    endpoint({
      method: 'PUT',
      path: '/hello/{username}',
      service: 'birthdays',
      summary: 'Stores or changes the birthday of a user',
      params: user,
      body: birthday,
      responses: {
        204: { description: 'Stored' },
        400: { description: 'Invalid name, or not a valid date before today' },
      },
      async handle({ params: { username }, body: { dateOfBirth }, h }) {
        await saveBirthday(database, username, dateOfBirth);
        await cached.update(keyOf(username), dateOfBirth);
        return h.response().code(204);
      },
    }),
    endpoint({
      method: 'GET',
      path: '/hello/{username}',
      service: 'birthdays',
      summary: 'The number of days until the birthday of a user',
      params: user,
      query: z.strictObject({ tz: zone }),
      responses: {
        200: { description: 'A greeting', schema: z.object({ message: z.string() }) },
        400: { description: 'Invalid name or time zone' },
        404: { description: 'No such user' },
      },
      async handle({ params: { username }, query: { tz } }) {
        const born = await cached.readThrough(keyOf(username), () => findBirthday(database, username));
        if (born === undefined) throw notFound('no such user');
        return { message: greet(username, daysUntilBirthday(born, dayIn(tz, now()))) };
      },
    }),
  ];
}

/** Composed and decomposed accents are the same name; upper and lower case are different names. */
const user = z.strictObject({
  username: z
    .string()
    .normalize('NFC')
    .regex(/^\p{L}{1,64}$/u, 'expected 1 to 64 letters')
    .describe('1 to 64 letters of any alphabet; names that differ only in case belong to different users'),
});

const zone = z
  .string()
  .regex(/^[A-Za-z][\w+/-]{0,63}$/, 'expected a time zone such as Europe/Madrid')
  .refine(isTimeZone, 'expected a time zone such as Europe/Madrid')
  .default('UTC')
  .describe('The time zone that determines the current date');

/** MySQL supports dates from the year 1000. */
const pastDay = (today: () => Day) =>
  z.iso
    .date('expected a real date, YYYY-MM-DD')
    .refine(isDay)
    .refine((day) => day >= '1000-01-01', 'expected the year 1000 or later')
    .refine((day) => day < today(), 'expected a date before today')
    .describe('A date before today (UTC)');

const greet = (name: string, days: number) =>
  days === 0 ? `Hello, ${name}! Happy birthday!` : `Hello, ${name}! Your birthday is in ${days} day(s)`;

async function saveBirthday(database: Database, username: string, day: Day) {
  await database.write(
    'INSERT INTO birthdays (username, date_of_birth) VALUES (?, ?) ON DUPLICATE KEY UPDATE date_of_birth = ?',
    [username, day, day],
  );
}

async function findBirthday(database: Database, username: string) {
  const { rows, from } = await database.readFrom(
    "SELECT DATE_FORMAT(date_of_birth, '%Y-%m-%d') AS born FROM birthdays WHERE username = ?",
    [username],
    { fresh: true },
  );
  const born: unknown = rows[0]?.born;
  return { value: typeof born === 'string' && isDay(born) ? born : undefined, from };
}
