import { z } from 'zod';
import { secretVariable } from '../../../provision/index.ts';

const image = z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image');

export const vars = z.strictObject({
  part: z.enum(['services', 'page']),
  registry_image: image,
  registry_port: z.int().min(1).max(65535),
  certificate: secretVariable,
  key: secretVariable,
  passwords: secretVariable,
  visualiser: z.boolean(),
  visualiser_image: image,
  visualiser_port: z.int().min(30000).max(32767),
  visualiser_program: z.string().min(1),
  api_servers: z.array(z.union([z.ipv4(), z.ipv6()])),
  ready_seconds: z.int().min(30).max(3600),
});
export type Vars = z.output<typeof vars>;
