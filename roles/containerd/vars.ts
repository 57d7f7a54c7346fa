import { z } from 'zod';

const url = z
  .url({ protocol: /^https?$/, error: 'expected http://… or https://…' })
  .regex(/^https?:\/\/[^/?#"\s]+\/?$/, 'expected http://… or https://…, without a path');

export const vars = z.strictObject({
  source: z.enum(['docker', 'distro']),
  sandbox_image: z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image'),
  mirrors: z.record(
    z
      .string()
      .regex(
        /^[a-z0-9.-]+(:\d+)?$/,
        'expected the name of a registry, such as docker.io or example.org:5000',
      ),
    url,
  ),
});
