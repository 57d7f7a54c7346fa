import { z } from 'zod';

const peer = z.strictObject({ name: z.string().regex(/^[\w.-]+$/), address: z.ipv4(), manager: z.boolean() });

export const vars = z.strictObject({
  over: z.enum(['ports', 'overlay']),
  peers: z.array(peer),
  round: z.string().nullable(),
  networks: z.boolean().nullable(),
  encrypted: z.boolean(),
  seconds: z.int().min(5).max(300),
});

export type Peer = z.output<typeof peer>;
