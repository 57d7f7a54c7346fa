import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { didYouMean, inputError } from '../../provision/index.ts';
import { loadYaml } from '../../provision/input/yaml.ts';

/** The kind of machines that the step is for: only those of the lab, for example, must be created first. */
const only = z.enum(['lab', 'hosts']).optional();
const pattern = z.string().refine(isPattern, 'a regular expression');

const step = z.union([
  z.strictObject({ say: z.string().min(1), only }),
  z.strictObject({
    /** The command, with placeholders for the machines: `<where>`, `<url:NAME>` and `<ssh:NAME>`. */
    run: z.string().min(1),
    /** The expected exit code. */
    exit: z.int().min(0).max(255).default(0),
    /** A pattern that its output must match. */
    shows: pattern.optional(),
    only,
  }),
  z.strictObject({ switch_on: z.string().min(1), only }),
]);

const schema = z.strictObject({
  title: z.string().min(1),
  scenes: z.array(z.strictObject({ title: z.string().min(1), steps: z.array(step).min(1) })).min(1),
});

/** The scenes of a recording in their order. */
export type Scenes = z.output<typeof schema>;
export type Step = z.output<typeof step>;

const demoFolder = resolve(import.meta.dirname, '../../demo');

/** A recording: its approach and its folder. */
export interface Demo {
  readonly approach: string;
  readonly folder: string;
}

/** The demo of an approach, or the one in a folder such as `./mine/approach_0`. @throws ProvisionError (input) */
export function demoOf(approach: string): Demo {
  if (approach.includes('/')) return { approach: basename(approach), folder: resolve(approach) };
  const known = demos();
  if (known.includes(approach)) return { approach, folder: join(demoFolder, approach) };
  throw inputError({
    what: `there is no demo of "${approach}"${didYouMean(approach, known)} (demos: ${known.join(', ')})`,
  });
}

/** The approaches that have a demo. */
export const demos = (): string[] =>
  readdirSync(demoFolder).filter((name) => existsSync(join(demoFolder, name, 'scenes.yml')));

/** @throws ProvisionError (input): every problem with its place */
export const loadScenes = (file: string): Scenes =>
  loadYaml(file, schema, 'demo/README.md describes the format');

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
