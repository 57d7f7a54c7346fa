import { z } from 'zod';

export const vars = z.strictObject({
  packages: z.array(z.string().min(1)),
  timezone: z
    .string()
    .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, 'expected a name such as Europe/Madrid'),
  open_files: z.int().min(1024).max(1_048_576),
  sysctl: z.record(
    z.string().regex(/^[a-z0-9_.-]+$/, 'expected a name such as vm.swappiness'),
    z.union([z.int(), z.string()]),
  ),
  unattended_upgrades: z.boolean(),
  journald_max_use: z.string().regex(/^\d+[KMGT]$/, 'expected a size such as 200M'),
});
