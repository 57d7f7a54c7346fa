import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';

export const vars = z.strictObject({
  bind: z.array(z.string().regex(/^-?[0-9a-fA-F:.*]+$/, 'expected an address')).min(1),
  port: z.int().min(1).max(65535),
  max_memory_mb: z.int().min(8),
  eviction: z.enum([
    'noeviction',
    'allkeys-lru',
    'allkeys-lfu',
    'volatile-lru',
    'volatile-lfu',
    'volatile-ttl',
  ]),
  append_only: z.boolean(),
  append_fsync: z.enum(['always', 'everysec', 'no']),
  password: secretVariable,
});
