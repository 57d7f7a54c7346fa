import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  apt,
  command,
  directory,
  file,
  group,
  line,
  role,
  sh,
  symlink,
  user,
} from '../../../../provision/index.ts';
import { type Task, tasks } from '../tasks.ts';

const vars = z.strictObject({ files: z.string(), app_name: z.string(), app_port: z.int() });

/** The 60 tasks of the benchmark as a role. */
export const workload = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const resource = (task: Task) => {
      switch (task.kind) {
        case 'directory':
          return directory(task.path);
        case 'file':
          return file(task.path, { content: readFileSync(`${vars.files}/${task.from}.conf`, 'utf8') });
        case 'template':
          return file(task.path, { content: template(`${vars.files}/${task.from}.hbs`) });
        case 'group':
          return group(task.name);
        case 'user':
          return user(task.name, { group: task.group, shell: '/bin/sh' });
        case 'package':
          return apt.packages([task.name]);
        case 'line':
          return line(task.path, { line: task.line });
        case 'link':
          return symlink(task.path, { target: task.target });
        case 'text':
          return file(task.path, { content: task.text });
        case 'touch':
          return command(`touch ${task.path}`, { run: sh`touch ${task.path}`, creates: task.path });
      }
    };
    return tasks.map(resource);
  },
});
