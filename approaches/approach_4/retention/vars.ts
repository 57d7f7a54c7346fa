import { z } from 'zod';
import { secretVariable } from '../../../provision/index.ts';

const registry = z.strictObject({
  host: z.string(),
  port: z.int(),
  user: z.string(),
  password: secretVariable,
  certificates: z.string(),
  folder: z.string(),
});

export const vars = z.strictObject({
  images: z.int().min(2).max(100),
  used: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected the digest of an image')),
  registry: registry.nullable(),
  ready_seconds: z.int().min(30).max(3600),
});
