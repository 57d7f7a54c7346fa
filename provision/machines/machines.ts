import { join } from 'node:path';
import { z } from 'zod';
import { loadYaml } from '../input/yaml.ts';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a lower-case name of letters, digits and hyphens');
export const port = z.int().min(1).max(65535);

/** Checks the keys of a mapping and reports a problem at the key itself. */
export function keys(fits: (key: string) => boolean, expected: string) {
  return (all: Record<string, unknown>, context: z.RefinementCtx) => {
    for (const key of Object.keys(all).filter((key) => !fits(key))) {
      context.addIssue({ code: 'custom', path: [key], message: `expected ${expected}` });
    }
  };
}

/** Port on this computer → port of the machine. */
export const forward = z
  .record(z.string(), port)
  .superRefine(keys((key) => /^\d{1,5}$/.test(key) && Number(key) >= 1 && Number(key) <= 65535, 'a port'))
  .default({});

export const machine = z.strictObject({
  /** MiB. */
  memory: z.int().min(256).max(1_048_576).default(1024),
  cpus: z.int().min(1).max(64).default(2),
  /** GiB. */
  disk: z.int().min(4).max(4096).default(10),
  groups: z.array(name).default([]),
  /** The IPv4 address on the private network of the approach's machines. */
  address: z.ipv4().optional(),
  /** Ports on this computer's loopback interface → ports of the machine. */
  forward,
  /** The Vagrant box, if not the default one: by version, or by URL and the SHA-256 of the file there. */
  box: z
    .strictObject({
      name: z.string().min(1),
      version: z.string().min(1).optional(),
      url: z.string().min(1).optional(),
      checksum: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'a SHA-256 of 64 lower-case hexadecimal digits')
        .optional(),
    })
    .optional(),
});

/** A machine as described in machines.yml: memory in MiB, disk in GiB. */
export type Machine = z.output<typeof machine>;

const schema = z.strictObject({
  machines: z
    .record(z.string(), machine)
    .superRefine(
      keys((key) => name.safeParse(key).success, 'a lower-case name of letters, digits and hyphens'),
    )
    .refine((all) => Object.keys(all).length > 0, 'expected at least one machine'),
});

/** The machines of an approach, by name. @throws ProvisionError (input) */
export function loadMachines(folder: string): Record<string, Machine> {
  return loadYaml(join(folder, 'machines.yml'), schema).machines;
}
