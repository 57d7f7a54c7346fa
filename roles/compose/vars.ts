import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';
import { certificateFiles } from '../nginx/certificate.ts';

const port = z.int().min(1).max(65535);
const image = z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image');
const memory = z.string().regex(/^[1-9]\d*[mg]$/, 'expected a number followed by m or g, such as 512m');
const cpus = z.number().positive().max(1024);
const mebibytes = z.int().min(8);

/** The services of TheAPP that a host name can lead to (app/src/http/endpoint.ts). */
const service = z.enum(['greeting', 'birthdays', 'pokedex', 'counter', 'todos']);

export const vars = z
  .strictObject({
    stack: z.string().min(1),
    version: z.string().regex(/^[A-Za-z0-9_][\w.-]{0,127}$/, 'expected the version of a release'),
    image,
    project: z.string().regex(/^[a-z][a-z0-9_-]{0,30}$/, 'expected a lower-case name'),
    bind: z.ipv4(),
    http_port: port,
    https_port: port,
    tls: z.enum(['none', 'self_signed', 'files']),
    certificate_file: z.string().nullable(),
    key_file: z.string().nullable(),
    network: z
      .string()
      .regex(/^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, 'expected three numbers, such as 172.30.211')
      .refine((text) => text.split('.').every((part) => Number(part) < 256), 'expected numbers up to 255'),
    max_body: z.string().regex(/^\d+[kmg]?$/, 'expected a size such as 1m'),
    metrics_from: z.array(
      z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'expected an address or a network'),
    ),
    vhosts: z.record(z.string().regex(/^[a-z\d]([a-z\d.-]*[a-z\d])?$/, 'expected a host name'), service),
    log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    drain_seconds: z.int().min(0).max(60),
    ready_seconds: z.int().min(10).max(3600),
    up_seconds: z.int().min(10).max(3600),
    nginx_image: image,
    mariadb_image: image,
    redis_image: image,
    memcached_image: image,
    nginx_memory: memory,
    nginx_cpus: cpus,
    app_memory: memory,
    app_cpus: cpus,
    mariadb_memory: memory,
    mariadb_cpus: cpus,
    redis_memory: memory,
    redis_cpus: cpus,
    memcached_memory: memory,
    memcached_cpus: cpus,
    mariadb_pool_mb: mebibytes,
    mariadb_connections: z.int().min(10).max(10_000),
    redis_mb: mebibytes,
    memcached_mb: mebibytes,
    mysql_password: secretVariable,
    mysql_root_password: secretVariable,
    redis_password: secretVariable,
  })
  .superRefine(certificateFiles);

export type Vars = z.output<typeof vars>;
