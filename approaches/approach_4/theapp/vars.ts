import { z } from 'zod';
import { secretVariable } from '../../../provision/index.ts';

const registry = z.strictObject({
  host: z.string(),
  port: z.int(),
  user: z.string(),
  password: secretVariable,
});

export const vars = z.strictObject({
  environment: z.enum(['staging', 'production']),
  app_image: z
    .string()
    .regex(/^[^@]+@sha256:[0-9a-f]{64}$/, 'expected an image with its digest: registry:5000/theapp@sha256:…'),
  version: z.string(),
  revision: z.int().min(1).nullable(),
  registry,
  mysql_root_password: secretVariable,
  mysql_replication_password: secretVariable,
  mysql_password: secretVariable,
  redis_password: secretVariable,
  checksum_key: secretVariable,
  ready_seconds: z.int().min(60).max(3600),
});
export type Vars = z.output<typeof vars>;
