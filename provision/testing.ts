/** The public API for tests of roles and resources: sample facts, a real shell, and helpers that apply a resource. */
export { render } from './language/template.ts';
export { title } from './run/items.ts';
export { localShell } from './shell/local.ts';
export { type ComposeHost, composeOutput, dockerShell } from './testing/docker.ts';
export { debian, vm } from './testing/facts.ts';
export { needs, skipFile } from './testing/needs.ts';
export { applyOnce, fingerprint, isolated, pending, stateOf } from './testing/resources.ts';
export { becomeRoot } from './testing/root.ts';
export { freePort, remove, sshd } from './testing/ssh/sshd.ts';
