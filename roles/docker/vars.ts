import { z } from 'zod';

export const vars = z.strictObject({
  source: z.enum(['distro', 'docker']),
  compose: z.boolean(),
  users: z.array(z.string().regex(/^[a-z_][a-z0-9_-]*$/, 'expected the name of a user')),
  log_max_size: z.string().regex(/^[1-9]\d*[kmg]$/, 'expected a number followed by k, m or g, such as 10m'),
  log_max_file: z.int().min(1).max(100),
  live_restore: z.boolean(),
  swarm: z.boolean(),
  mirrors: z.array(z.url({ protocol: /^https?$/, error: 'expected http://… or https://…' })),
});
