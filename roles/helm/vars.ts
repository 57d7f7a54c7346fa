import { z } from 'zod';

export const vars = z.strictObject({
  version: z.string().regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, 'expected a version such as 4.2.4, without "v"'),
  url: z.url({ protocol: /^https?$/, error: 'expected http://… or https://…' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')
    .nullable(),
});
