import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';
import { artefactVariable } from '../nodejs/vars.ts';

const port = z.int().min(1).max(65535);
const version = z.string().regex(/^[\w.-]+$/, 'expected the version of a release');

export const vars = z.strictObject({
  release: artefactVariable.extend({ version }).nullable(),
  version: version.nullable(),
  user: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'expected the name of a user'),
  groups: z.array(z.string().min(1)),
  listen: z.union([z.ipv4(), z.ipv6()]),
  port,
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
  mysql_host: z.string().min(1),
  mysql_port: port,
  mysql_user: z.string().min(1),
  mysql_database: z.string().min(1),
  mysql_password: secretVariable,
  drain_seconds: z.int().min(0).max(60),
  ready_seconds: z.int().min(5).max(600),
  keep: z.int().min(2).max(20),
});
