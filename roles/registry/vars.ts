import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';

const name = z.string().regex(/^[a-z\d]([a-z\d.-]*[a-z\d])?$/, 'expected a name or an address');

/** Each part is for different hosts: the one with the keys, those that pull (with Docker or with
 * containerd), and the one that pushes. */
export const vars = z.strictObject({
  part: z.enum(['keys', 'client', 'containerd', 'image']),
  host: name,
  port: z.int().min(1).max(65535),
  user: z.string().regex(/^[a-z][\w-]*$/, 'expected the name of a user'),
  password: secretVariable,
  address: z.ipv4().nullable(),
  ca: z.string().nullable(),
  certificate_days: z.int().min(60).max(825),
  image: z
    .string()
    .regex(/^[\w./-]+:[\w.-]+$/, 'expected the name of an image, with its tag')
    .nullable(),
});
