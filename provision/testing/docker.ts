import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localShell } from '../shell/local.ts';
import { isolated } from './resources.ts';

/** Recorded output of `docker`, by the beginning of its arguments. All other commands fail. */
export type Answers = Readonly<Record<string, string>>;

/** A shell in which `docker` prints recorded output. */
export function dockerShell(answers: Answers) {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-docker-'));
  const cases = Object.entries(answers).map(([words, output], i) => {
    writeFileSync(join(folder, `${i}`), output);
    return `"${words}"*) cat ${folder}/${i} ;;`;
  });
  const program = ['#!/bin/sh', 'case "$*" in', ...cases, '*) exit 1 ;;', 'esac'];
  writeFileSync(join(folder, 'docker'), `${program.join('\n')}\n`, { mode: 0o755 });
  const shell = localShell(isolated({ '/usr/local/bin': folder }));
  const close = async () => {
    await shell.close();
    rmSync(folder, { recursive: true });
  };
  return { ...shell, close };
}

/** A Compose project, as a host would describe it. */
export interface ComposeHost {
  readonly project: string;
  /** By service: id, status, health, configuration hash, image, id of the image, time of start. */
  readonly containers: Readonly<Record<string, string>>;
  /** Ids of the images on the host, by name; and all names that the probe asks for. */
  readonly images: Readonly<Record<string, string>>;
  readonly asked: readonly string[];
  /** When each file was written, in seconds since 1970. */
  readonly written: Readonly<Record<string, string>>;
  readonly texts: Readonly<Record<string, string>>;
  /** Compose rejects the files. */
  readonly broken: boolean;
}

/** What the probe of a Compose project prints on such a host. Each service has the configuration hash `h-SERVICE`. */
export function composeOutput({ project, containers, images, asked, written, texts, broken }: ComposeHost) {
  const hashes = Object.keys(containers).map((name) => `${name} h-${name}`);
  return [
    `@${project}`,
    '= containers',
    ...Object.entries(containers).map(([name, words]) => `${name} ${words}`),
    '= hashes',
    ...(broken ? ['= broken'] : hashes),
    '= images',
    ...Object.values(images),
    '= missing',
    ...asked.filter((name) => !(name in images)),
    '= written',
    ...Object.entries(written).map(([name, time]) => `${time} ${name}`),
    ...Object.entries(texts).flatMap(([name, text]) => [
      `= text ${name}`,
      text.replace(/^(?!$(?![\s\S]))/gm, '|'),
    ]),
    '',
  ].join('\n');
}
