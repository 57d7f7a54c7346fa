import { z } from 'zod';

/** A file on this computer, as the `artefact` function of an approach returns it. */
export const artefactVariable = z.strictObject({
  version: z.string(),
  file: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
});

export const vars = z.strictObject({
  source: z.enum(['npm', 'distro']),
  runtime: artefactVariable.nullable(),
});
