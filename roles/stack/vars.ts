import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';

/** The name of a stack, secret or config. A name with both, and a version, must not be longer than 64 characters. */
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,23}$/, 'expected up to 24 lower-case letters, digits, "_" and "-"');
const path = z.string().refine(isAbsolute, 'expected the absolute path of a file on this computer');

/** A value for a template. */
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const vars = z.strictObject({
  name,
  file: path,
  values: z.record(z.string(), z.union([value, z.array(value)])),
  secrets: z.record(name, secretVariable),
  configs: z.record(name, path),
  one_by_one: z.array(z.string()),
  last: z.array(z.string()),
  release: z
    .string()
    .regex(/^[\w.:/@-]+$/, 'expected the name of an image')
    .nullable(),
  resolve_image: z.enum(['always', 'changed', 'never']),
  seconds: z.int().min(10).max(3600),
});
