import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';
import { artefactVariable } from '../nodejs/vars.ts';

/** The name of an image without its tag (distribution/reference). */
const repository = z
  .string()
  .regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, 'expected the name of an image, without a tag');

/** The registry that holds the image, and the folder on the host with its authority, `ca.crt`. */
const registry = z.strictObject({
  host: z.string(),
  port: z.int().min(1).max(65535),
  user: z.string(),
  password: secretVariable,
  certificates: z.string(),
});

export const vars = z.strictObject({
  release: artefactVariable.extend({
    version: z.string().regex(/^[A-Za-z0-9_][\w.-]{0,127}$/, 'expected a version that is valid as a tag'),
  }),
  name: repository,
  base: z
    .string()
    .regex(/^[\w.:/@-]+$/, 'expected the name of an image')
    .nullable(),
  keep: z.int().min(2).max(20),
  registry: registry.nullable(),
  mirrors: z.array(z.url({ protocol: /^https?$/, error: 'expected http://… or https://…' })),
});
