import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';

/** Of a stack, and of a secret or config within it: short enough that a name with both, and a version, has 64 letters. */
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,23}$/, 'expected up to 24 small letters, digits, "_" and "-"');
const path = z.string().refine(isAbsolute, 'expected the whole path of a file on this computer');

/** What stands in a template as it is. */
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
