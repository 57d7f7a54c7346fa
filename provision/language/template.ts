import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type HandlebarsModule from 'handlebars';
import { inputError } from '../errors.ts';
import { shown } from '../input/yaml.ts';
import { isSecret, reveal } from '../shell/secret.ts';

/** The content of a file. Anything that prints it redacts these secrets. */
export interface Text {
  readonly text: string;
  readonly secrets: readonly string[];
}

/**
 * Renders a Handlebars template for a configuration file: nothing is escaped, and every name must be defined,
 * including those in `{{#if}}` and `{{#each}}`.
 *
 * @throws ProvisionError (input) with the file and line
 */
export function render(file: string, values: Readonly<Record<string, unknown>>): Text {
  const secrets = new Set<string>();
  try {
    const text = compiled(read(file))(plain(values, secrets));
    return { text, secrets: [...secrets].filter((value) => value !== '' && text.includes(value)) };
  } catch (error) {
    throw explained(file, error, 'correct the template, or add a variable with that name to the role');
  }
}

/**
 * Parses the templates in a role's folder: its files *.hbs, and all in the folder `templates`.
 *
 * @throws ProvisionError (input) with the file and line
 */
export function checkTemplates(folder: string): void {
  for (const file of globSync(['*.hbs', 'templates/**/*.hbs'], { cwd: folder }).sort()) {
    const path = join(folder, file);
    try {
      Handlebars.parse(read(path));
    } catch (error) {
      throw explained(path, error, 'correct the template');
    }
  }
}

function explained(file: string, error: unknown, todo: string): unknown {
  if (!(error instanceof Error) || error.name === 'ProvisionError') return error;
  const line = (error as { lineNumber?: number }).lineNumber ?? /line (\d+)/.exec(error.message)?.[1];
  const [first = 'the template cannot be rendered'] = error.message.split('\n');
  return inputError({
    place: line === undefined ? shown(file) : `${shown(file)}:${line}`,
    what: first.replace(/ on line \d+:$/, '').replace(/ not defined in \[object Object\]/, ' is not defined'),
    todo,
  });
}

/** The single-file build: the main module loads 46 files and spends most of its start-up time on source maps. */
const Handlebars: typeof HandlebarsModule = createRequire(import.meta.url)('handlebars/dist/handlebars.js');
const engine = Handlebars.create();

for (const name of ['if', 'unless', 'each', 'with'] as const) {
  const original = Handlebars.helpers[name] as HandlebarsModule.HelperDelegate;
  engine.registerHelper(
    name,
    function (this: unknown, value: unknown, options: HandlebarsModule.HelperOptions) {
      if (value === undefined) throw new Error(`{{#${name}}} uses a name that is not defined`);
      return original.call(this, value, options);
    },
  );
}

/** Compiled templates by their text: one template serves many hosts and often many files of a role. */
const known = new Map<string, HandlebarsModule.TemplateDelegate>();

function compiled(text: string): HandlebarsModule.TemplateDelegate {
  const template = known.get(text) ?? engine.compile(text, { strict: true, noEscape: true });
  known.set(text, template);
  return template;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw inputError({
      place: shown(file),
      what: 'the template cannot be read',
      todo: 'correct the name in the role; templates are in the templates folder of the role',
    });
  }
}

/** The values with secrets in plain text; each secret is collected so that output can be redacted. */
function plain(value: unknown, secrets: Set<string>): unknown {
  if (isSecret(value)) {
    secrets.add(reveal(value));
    return reveal(value);
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, secrets)]));
}
