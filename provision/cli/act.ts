import { join } from 'node:path';
import type { Host } from '../host.ts';
import { grouped } from '../language/groups.ts';
import type { Reporter } from '../report/events.ts';
import type { Open } from '../run/options.ts';
import { type Outcome, run } from '../run/run.ts';
import { secretStore } from '../run/secrets.ts';
import { urlOf } from '../run/verify.ts';
import { checkSecrets, environmentSecrets } from '../secrets/environment.ts';
import { vaultOf } from '../secrets/vault.ts';
import type { Secret } from '../shell/secret.ts';
import { ROOT } from './approaches.ts';
import type { Arguments } from './arguments.ts';
import type { Decision } from './decide.ts';
import { interrupts } from './interrupts.ts';
import { refusal } from './missing.ts';
import { askPassword } from './password.ts';
import { opener } from './sessions.ts';

/** The outcome of the action, with what is needed to verify and show it. */
export interface Acted extends Outcome {
  /** The hosts that were brought up. */
  readonly up: readonly Host[];
  /** The URLs at which a person can see the result. */
  readonly urls: readonly string[];
  /** Opens a session for a check of `verify`. */
  readonly open: Open;
}

/** Brings the machines up and runs the action. @throws ProvisionError */
export async function act(decision: Decision, args: Arguments, report: Reporter): Promise<Acted> {
  const { name, approach, provider, why, action } = decision;
  if (action) for (const environment of decision.secrets) await checkSecretsOf(decision, environment, report);
  report({
    event: 'start',
    approach: name,
    provider: provider.name,
    ...(why === undefined ? {} : { why }),
    hosts: decision.hosts?.map((host) => host.name) ?? Object.keys(decision.machines),
    check: args.check,
  });
  const up = decision.hosts ?? (await bringUp(decision, args, report));
  const password = passwordOf(args);
  const outcome = action ? await runAction(decision, action, up, args, report, password) : NOTHING_RUN;
  const open: Open = async (host, progress) =>
    await opener(provider.name, new AbortController().signal, await password())(host, progress);
  const { groups, environments = [] } = approach;
  const urls = approach.urls({ hosts: grouped(groups, up), url: urlOf, environments });
  return { ...outcome, up, urls, open };
}

const checkSecretsOf = (location: Decision, environment: string, report: Reporter) =>
  checkSecrets(vaultOf(location, environment, ROOT), waitingFor(report));

const waitingFor = (report: Reporter) => (message: string) =>
  report({ event: 'progress', topic: 'secrets', message });

/** The sudo password, asked for at most once, and only if a session is opened. */
function passwordOf({ askBecomePass }: Arguments): () => Promise<Secret | undefined> {
  let answer: Promise<Secret> | undefined;
  return async () => {
    if (!askBecomePass) return undefined;
    answer ??= askPassword();
    return await answer;
  };
}

const NOTHING_RUN: Outcome = { hosts: [], exitCode: 0 };

const bringUp = (
  { name, approach, machines, provider, pulls, creates }: Decision,
  { yes, image }: Arguments,
  report: Reporter,
) =>
  provider.hosts({
    approach: name,
    machines,
    yes,
    image,
    pulls,
    progress: (topic, message) => report({ event: 'progress', topic, message }),
    warn: (message) => report({ event: 'warning', message }),
    ...(creates ? {} : { beforeCreating: refusal(name, approach, Object.keys(machines)) }),
  });

async function runAction(
  { name, folder, approach, provider, limit, extras }: Decision,
  action: NonNullable<Decision['action']>,
  hosts: readonly Host[],
  { check, tags, step, forks, yes }: Arguments,
  report: Reporter,
  asked: () => Promise<Secret | undefined>,
): Promise<Outcome> {
  const password = await asked();
  const { stopping, signal, done } = interrupts(report);
  const confirm = step ? (await import('./confirm.ts')).confirmer() : undefined;
  try {
    return await run(approach, hosts, action, {
      check,
      limit,
      ...(tags.length > 0 ? { tags: new Set(tags) } : {}),
      extras,
      forks: step ? 1 : forks,
      stopping,
      report,
      open: opener(provider.name, signal, password),
      secret: secretStore(join(ROOT, '.secrets', `${name}.json`)),
      secrets: (environment, names, beforeGenerating) =>
        environmentSecrets(vaultOf({ name, folder }, environment, ROOT), names, {
          check,
          waiting: waitingFor(report),
          ...(beforeGenerating ? { beforeGenerating } : {}),
        }),
      ask: async (question) => {
        if (!yes) await (await import('./confirm.ts')).agreed(question);
      },
      ...(confirm ? { confirm } : {}),
    });
  } finally {
    done();
  }
}
