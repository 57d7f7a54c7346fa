import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';

const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'expected a name of lower-case letters, digits and _');

export const vars = z.strictObject({
  flavour: z.enum(['mariadb', 'mysql']),
  bind_address: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65535),
  max_connections: z.int().min(10).max(10_000),
  innodb_buffer_pool_mb: z.int().min(16).nullable(),
  database: identifier,
  user: identifier,
  user_host: z.string().min(1),
  password: secretVariable,
});
