import { z } from 'zod';
import { secretVariable } from '../../../provision/index.ts';

export const vars = z.strictObject({
  registry_image: z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image'),
  registry_port: z.int().min(1).max(65535),
  certificate: secretVariable,
  key: secretVariable,
  passwords: secretVariable,
  ready_seconds: z.int().min(30).max(3600),
});
