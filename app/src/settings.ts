import { z } from 'zod';
import { services } from './http/endpoint.ts';

const wholeNumber = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((number) => number >= least && number <= most, expected);
};

const word = (expected: string) => z.string().regex(/^\S+$/, expected);

/** A list separated by commas. `read` returns the parsed item, or a string that says what was expected. */
const list = <T extends object>(read: (item: string, before: string[]) => T | string) =>
  z.string().transform((text, context) =>
    text.split(',').map((item, index, items) => {
      const found = read(item, items.slice(0, index));
      if (typeof found !== 'string') return found;
      context.addIssue({ code: 'custom', message: `expected ${found}, found ${JSON.stringify(item)}` });
      return z.NEVER;
    }),
  );

/** `host:port,host:port`; an IPv6 address is written in brackets. */
const addresses = list((item) => {
  const [, host, port] = /^(\[[\da-f:.]+\]|[^\s:@[\]]+):(\d{1,5})$/i.exec(item) ?? [];
  if (!host || !(Number(port) >= 1 && Number(port) <= 65_535)) return 'host:port';
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
});

/** `name=service,name=service`: each host name serves one service at its root. */
const hostNames = list((item, before) => {
  const [, name, target] = /^([a-z\d](?:[a-z\d.-]*[a-z\d])?)=(\w+)$/.exec(item.toLowerCase()) ?? [];
  const service = services.find((service) => service === target);
  if (!name) return 'name=service';
  if (!service) return `a service, one of ${services.join(', ')}`;
  if (before.some((other) => other.toLowerCase().startsWith(`${name}=`))) return `the name ${name} only once`;
  return { name, service };
});

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Every environment variable that TheAPP reads, with its type and its default.
 * The table in app/README.md documents the same variables; a test keeps the two in step.
 */
export const settings = z.object({
  HOST: word('expected an address or a host name').default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3000),
  LOG_LEVEL: z.enum(levels, { error: `expected one of ${levels.join(', ')}` }).default('info'),
  MAX_CONNECTIONS: wholeNumber(1, 1_000_000).default(2000),
  DRAIN_SECONDS: wholeNumber(0, 600).default(5),
  READY_TIMEOUT_MS: wholeNumber(1, 60_000).default(1000),
  MYSQL_HOST: word('expected an address or a host name').default('127.0.0.1'),
  MYSQL_PORT: wholeNumber(1, 65_535).default(3306),
  MYSQL_SOCKET: z.string().regex(/^\//, 'expected the absolute path of a socket').optional(),
  MYSQL_USER: word('expected a user name without spaces').default('theapp'),
  MYSQL_PASS: z.string().optional(),
  MYSQL_DATABASE: z
    .string()
    .regex(/^\w{1,64}$/, 'expected 1 to 64 letters, digits or underscores')
    .default('theapp'),
  MYSQL_CONNECTIONS: wholeNumber(1, 1000).default(10),
  MYSQL_QUEUE: wholeNumber(1, 100_000).default(200),
  MYSQL_TIMEOUT_MS: wholeNumber(1, 600_000).default(1000),
  MYSQL_REPLICA_HOST: word('expected an address or a host name').optional(),
  MYSQL_REPLICA_PORT: wholeNumber(1, 65_535).default(3306),
  MIGRATE_SECONDS: wholeNumber(1, 3600).default(60),
  REDIS_HOST: word('expected an address or a host name').default('127.0.0.1'),
  REDIS_PORT: wholeNumber(1, 65_535).default(6379),
  REDIS_PASS: z.string().optional(),
  REDIS_SENTINELS: addresses.optional(),
  REDIS_SENTINEL_NAME: word('expected a master name without spaces').default('theapp'),
  REDIS_SENTINEL_PASS: z.string().optional(),
  REDIS_WAIT_REPLICAS: wholeNumber(0, 5).default(0),
  REDIS_TIMEOUT_MS: wholeNumber(1, 60_000).default(500),
  MEMCACHED_SERVERS: addresses.prefault('127.0.0.1:11211'),
  MEMCACHED_TIMEOUT_MS: wholeNumber(1, 60_000).default(250),
  VHOSTS: hostNames.optional(),
});

/** Variables whose values are never printed. Each can also be read from the file that `NAME_FILE` names. */
export const secrets: ReadonlySet<string> = new Set(['MYSQL_PASS', 'REDIS_PASS', 'REDIS_SENTINEL_PASS']);

/** The validated and typed configuration, with the defaults filled in. */
export type Config = z.output<typeof settings>;
