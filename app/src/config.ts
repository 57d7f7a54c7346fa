import { readFileSync } from 'node:fs';
import { type Config, secrets, settings } from './settings.ts';

type Environment = Record<string, string | undefined>;

/** All problems of the configuration, one line each. No line contains a secret. */
export class ConfigError extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the configuration from the environment and from the files that it names.
 * An empty variable counts as unset. Throws a ConfigError that lists every problem at once.
 */
export function readConfig(environment: Environment): Config {
  const problems: string[] = [];
  const given = { ...plainValues(environment), ...secretValues(environment, problems) };
  problems.push(...conflicts(environment));
  const parsed = settings.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    const found =
      secrets.has(name) || issue.message.includes(', found ') ? '' : `, found ${quoted(given[name])}`;
    problems.push(`${name}: ${issue.message}${found}`);
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

function plainValues(environment: Environment): Record<string, string> {
  const names = Object.keys(settings.shape).filter((name) => !secrets.has(name));
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

function secretValues(environment: Environment, problems: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of secrets) {
    const [direct, file] = [environment[name], environment[`${name}_FILE`]];
    if (direct && file) problems.push(`${name}: ${name}_FILE is set as well; set only one of them`);
    else if (direct) values[name] = direct;
    else if (file) readSecret(`${name}_FILE`, file, problems, (value) => (values[name] = value));
  }
  return values;
}

/** Editors add a line break at the end of a file: it is not part of the secret. */
function readSecret(name: string, file: string, problems: string[], keep: (value: string) => void) {
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (value === '') problems.push(`${name}: expected a file with the secret, but ${quoted(file)} is empty`);
    else if (/[\r\n\0]/.test(value))
      problems.push(`${name}: expected a file with one line, but ${quoted(file)} has several`);
    else keep(value);
  } catch (error) {
    problems.push(`${name}: cannot read the file ${quoted(file)}: ${reason(error)}`);
  }
}

/** Problems between variables, which the schema of a single variable cannot detect. */
function conflicts(environment: Environment): string[] {
  const { MYSQL_SOCKET: socket, MYSQL_PASS: pass, MYSQL_PASS_FILE: passFile } = environment;
  return [
    ...exclusive(environment, 'MYSQL_SOCKET', ['MYSQL_HOST', 'MYSQL_PORT']),
    ...exclusive(environment, 'REDIS_SENTINELS', ['REDIS_HOST', 'REDIS_PORT']),
    ...(socket || pass || passFile
      ? []
      : ['MYSQL_PASS: missing; set MYSQL_PASS_FILE to a file with the password, or set MYSQL_PASS']),
  ];
}

function exclusive(environment: Environment, name: string, others: string[]): string[] {
  if (!environment[name]) return [];
  const set = others.filter((other) => environment[other]);
  return set.map((other) => `${other}: ${name} is set as well; set only one of them`);
}

const quoted = (value: string | undefined) => JSON.stringify(value);

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return reasons[code] ?? code;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};
