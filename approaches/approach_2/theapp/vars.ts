import { z } from 'zod';
import { secretVariable } from '../../../provision/index.ts';

const port = z.int().min(1).max(65535);
const image = z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image');
const seconds = (least: number, most: number) => z.int().min(least).max(most);
const megabytes = z.int().min(16).max(1_048_576);
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'expected an address or a network');

/** The services of TheAPP that a host name can lead to (app/src/http/endpoint.ts): all but the counter. */
const service = z.enum(['greeting', 'birthdays', 'pokedex', 'todos']);

export const vars = z.strictObject({
  app_image: image,
  nginx_image: image,
  mariadb_image: image,
  redis_image: image,
  memcached_image: image,
  node_image: image,
  resolve_image: z.enum(['always', 'changed', 'never']),
  replicas: z.int().min(1).max(100),
  http_port: port,
  metrics_from: z.array(network),
  max_body: z.string().regex(/^\d+[kmg]?$/, 'expected a size such as 1m'),
  vhosts: z.record(z.string().regex(/^[a-z\d]([a-z\d.-]*[a-z\d])?$/, 'expected the name of a host'), service),
  encrypted: z.boolean().nullable(),
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
  leave_seconds: seconds(0, 60),
  drain_seconds: seconds(0, 60),
  health_seconds: seconds(1, 300).nullable(),
  ready_seconds: seconds(10, 600),
  monitor_seconds: seconds(5, 600),
  read_seconds: seconds(1, 60),
  mysql_pool_mb: megabytes,
  mysql_timeout_ms: z.int().min(100).max(30_000),
  mysql_max_connections: z.int().min(10).max(10_000),
  redis_max_memory_mb: megabytes,
  redis_append_fsync: z.enum(['always', 'everysec', 'no']),
  redis_timeout_ms: z.int().min(100).max(30_000),
  redis_down_after_ms: z.int().min(1000).max(60_000),
  memcached_mb: megabytes,
  autoscale: z.boolean(),
  autoscale_min: z.int().min(1).max(100),
  autoscale_max: z.int().min(1).max(100),
  autoscale_in_flight: z.number().min(0.1).max(1000),
  autoscale_up_seconds: seconds(0, 86_400),
  autoscale_down_seconds: seconds(0, 86_400),
  autoscaler_program: z.string().min(1).nullable(),
  converge_seconds: seconds(60, 3600),
  mysql_root_password: secretVariable,
  mysql_replication_password: secretVariable,
  mysql_password: secretVariable,
  redis_password: secretVariable,
});
