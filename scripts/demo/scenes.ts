import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { didYouMean, inputError } from '../../provision/index.ts';
import { loadYaml } from '../../provision/input/yaml.ts';

/** Where machines come from decides what can be shown: only the lab's have to be made first. */
const only = z.enum(['lab', 'hosts']).optional();
const pattern = z.string().refine(isPattern, 'a regular expression');

const step = z.union([
  z.strictObject({ say: z.string().min(1), only }),
  z.strictObject({
    /** What is typed, with `<where>`, `<url:NAME>` and `<ssh:NAME>` for what depends on the machines. */
    run: z.string().min(1),
    /** The exit code that it ends with. */
    exit: z.int().min(0).max(255).default(0),
    /** What its output has to match: a recording that does not show it is none. */
    shows: pattern.optional(),
    only,
  }),
  z.strictObject({ switch_on: z.string().min(1), only }),
]);

const schema = z.strictObject({
  title: z.string().min(1),
  scenes: z.array(z.strictObject({ title: z.string().min(1), steps: z.array(step).min(1) })).min(1),
});

/** What a recording does and shows, in its order. */
export type Scenes = z.output<typeof schema>;
export type Step = z.output<typeof step>;

const demoFolder = resolve(import.meta.dirname, '../../demo');

/** A recording: the approach that it shows, and where it is. */
export interface Demo {
  readonly approach: string;
  readonly folder: string;
}

/** That of an approach, or one elsewhere by its folder: `./mine/approach_0`. @throws ProvisionError (input) */
export function demoOf(approach: string): Demo {
  if (approach.includes('/')) return { approach: basename(approach), folder: resolve(approach) };
  const known = demos();
  if (known.includes(approach)) return { approach, folder: join(demoFolder, approach) };
  throw inputError({
    what: `there is no demo of "${approach}"${didYouMean(approach, known)} (there are: ${known.join(', ')})`,
  });
}

/** The approaches that have one. */
export const demos = (): string[] =>
  readdirSync(demoFolder).filter((name) => existsSync(join(demoFolder, name, 'scenes.yml')));

/** @throws ProvisionError (input): every problem with its place */
export const loadScenes = (file: string): Scenes => loadYaml(file, schema, 'demo/README.md shows a scene');

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
