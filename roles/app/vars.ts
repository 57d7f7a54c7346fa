import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';
import { artefactVariable } from '../nodejs/vars.ts';

const port = z.int().min(1).max(65535);
const version = z.string().regex(/^[\w.-]+$/, 'expected the version of a release');

/** A comma-separated list in TheAPP's environment; IPv6 addresses are in brackets. */
const addresses = z.array(z.string().regex(/^(\[[\da-fA-F:.]+\]|[\w.-]+):\d{1,5}$/, 'expected host:port'));
const name = z.string().regex(/^[\w.:-]+$/, 'expected an address or a name');

/** The services of TheAPP that a host name can lead to (app/src/http/endpoint.ts). */
const service = z.enum(['greeting', 'birthdays', 'pokedex', 'counter', 'todos']);

export const vars = z.strictObject({
  release: artefactVariable.extend({ version }).nullable(),
  version: version.nullable(),
  user: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'expected the name of a user'),
  groups: z.array(z.string().min(1)),
  listen: z.union([z.ipv4(), z.ipv6()]),
  port,
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
  mysql_host: name,
  mysql_port: port,
  mysql_user: z.string().min(1),
  mysql_database: z.string().min(1),
  mysql_password: secretVariable,
  mysql_replica_host: name.nullable(),
  mysql_replica_port: port,
  redis_host: name,
  redis_port: port,
  redis_password: secretVariable.nullable(),
  redis_sentinels: addresses,
  redis_sentinel_name: name,
  redis_sentinel_password: secretVariable.nullable(),
  redis_wait_replicas: z.int().min(0).max(5),
  memcached_servers: addresses.min(1),
  vhosts: z.record(z.string().regex(/^[a-z\d]([a-z\d.-]*[a-z\d])?$/, 'expected the name of a host'), service),
  drain_seconds: z.int().min(0).max(60),
  ready_seconds: z.int().min(5).max(600),
  keep: z.int().min(2).max(20),
});
