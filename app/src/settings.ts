import { z } from 'zod';

const wholeNumber = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((number) => number >= least && number <= most, expected);
};

const word = (expected: string) => z.string().regex(/^\S+$/, expected);

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Every variable of the environment that TheAPP reads, as text, with what it turns into and its default.
 * The table in app/README.md says the same; a test holds the two together.
 */
export const settings = z.object({
  HOST: word('expected an address or a host name').default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3000),
  LOG_LEVEL: z.enum(levels, { error: `expected one of ${levels.join(', ')}` }).default('info'),
  DRAIN_SECONDS: wholeNumber(0, 600).default(5),
  READY_TIMEOUT_MS: wholeNumber(1, 60_000).default(1000),
  MYSQL_HOST: word('expected an address or a host name').default('127.0.0.1'),
  MYSQL_PORT: wholeNumber(1, 65_535).default(3306),
  MYSQL_SOCKET: z.string().regex(/^\//, 'expected the absolute path of a socket').optional(),
  MYSQL_USER: word('expected a user name without blanks').default('theapp'),
  MYSQL_PASS: z.string().optional(),
  MYSQL_DATABASE: z
    .string()
    .regex(/^\w{1,64}$/, 'expected 1 to 64 letters, digits or underscores')
    .default('theapp'),
  MYSQL_CONNECTIONS: wholeNumber(1, 1000).default(10),
  MYSQL_QUEUE: wholeNumber(1, 100_000).default(200),
  MYSQL_TIMEOUT_MS: wholeNumber(1, 600_000).default(2000),
  MIGRATE_SECONDS: wholeNumber(1, 3600).default(60),
});

/** The variables whose value is never shown, and which can be read from a file named by `NAME_FILE`. */
export const secrets: ReadonlySet<string> = new Set(['MYSQL_PASS']);

/** What the rest of TheAPP reads: checked, typed, with the defaults filled in. */
export type Config = z.output<typeof settings>;
