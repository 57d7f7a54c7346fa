import { z } from 'zod';
import { secretVariable } from '../../../provision/index.ts';

const port = z.int().min(1).max(65535);
const image = z.string().regex(/^[\w.:/@-]+$/, 'expected the name of an image');

export const vars = z.strictObject({
  registry_image: image,
  registry_port: port,
  certificate: secretVariable,
  key: secretVariable,
  passwords: secretVariable,
  visualiser: z.boolean(),
  visualiser_image: image,
  visualiser_port: port,
  visualiser_program: z.string().min(1),
  portainer: z.boolean(),
  portainer_image: image,
  portainer_port: port,
  converge_seconds: z.int().min(60).max(3600),
});
