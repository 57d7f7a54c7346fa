import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolated, localShell } from '../provision/testing.ts';

/** The output of a manager's `docker`, by the start of the command; other commands fail. */
export type Answers = Readonly<Record<string, string>>;

/** A shell whose `docker` replays the output of a real one. */
export function managerShell(answers: Answers) {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-stack-'));
  const cases = Object.entries(answers).map(([words, said], i) => {
    writeFileSync(join(folder, `${i}`), said);
    return `"${words}"*) cat ${folder}/${i} ;;`;
  });
  const program = ['#!/bin/sh', 'case "$*" in', ...cases, '*) exit 1 ;;', 'esac'];
  writeFileSync(join(folder, 'docker'), `${program.join('\n')}\n`, { mode: 0o755 });
  return localShell(isolated({ '/usr/local/bin': folder }));
}
