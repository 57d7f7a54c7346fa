import { z } from 'zod';

export const vars = z.strictObject({
  listen: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65535),
  memory_mb: z.int().min(8),
  max_connections: z.int().min(16),
});
