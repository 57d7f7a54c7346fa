# frozen_string_literal: true

require 'shellwords'
require 'tempfile'
require_relative 'failure'
require_relative 'node'

module TheAPP
  # The provisioning runs that a command has requested. The provisioner needs all machines of an approach, so it runs
  # once at the end of the command, however many machines requested it, and in whatever order.
  module Provisioning
    LOCK = Mutex.new
    REQUESTED = {}

    def self.request(approach, env)
      LOCK.synchronize { REQUESTED[approach] = env }
    end

    # Runs what was requested. Raises the worst failure.
    def self.run_requested
      requested = LOCK.synchronize { REQUESTED.dup.tap { REQUESTED.clear } }
      failed = requested.map { |approach, env| [run(approach, env), approach] }.reject { |code, _| code.zero? }
      raise failure(failed) unless failed.empty?
    end

    def self.run(approach, env)
      machines, missing = up(approach, env)
      return wait(approach, missing, env) unless missing.empty?

      Tempfile.create('theapp-ssh-config') do |file|
        file.write(machines.map { |name, machine| section("#{approach}-#{name}", machine.ssh_info) }.join("\n"))
        file.close
        colour = env.ui.is_a?(Vagrant::UI::Colored) ? {} : { 'NO_COLOR' => '1' }
        start(approach, { 'THEAPP_SSH_CONFIG' => file.path, **colour })
      end
    end

    # The machines of an approach by name, and the names of those that are not running.
    def self.up(approach, env)
      active = env.active_machines.to_h
      names = env.machine_names.map(&:to_s).select { |name| name.start_with?("#{approach}-") }
      machines = names.to_h do |name|
        provider = active[name.to_sym]
        [name.delete_prefix("#{approach}-"), provider && env.machine(name.to_sym, provider)]
      end
      [machines, machines.reject { |_, machine| machine&.ssh_info }.keys]
    end

    def self.wait(approach, missing, env)
      env.ui.warn("#{approach} is provisioned once all its machines are running; not running: #{missing.join(', ')}\n" \
                  "  → vagrant up --provision /#{approach}/")
      0
    end

    # As printed by `vagrant ssh-config`.
    def self.section(name, info)
      keys = Array(info[:private_key_path]).map { |path| "  IdentityFile \"#{path}\"\n" }.join
      "Host #{name}\n  HostName #{info[:host]}\n  User #{info[:username]}\n  Port #{info[:port]}\n#{keys}"
    end

    # Runs on Vagrant's terminal, so that the output is the same as without Vagrant.
    def self.start(approach, variables)
      command = [Node.path, 'provision/cli.mjs', approach, '--provider', 'vagrant', *words]
      Vagrant::Util::Env.with_clean_env { system(variables, *command, chdir: Approaches::ROOT) }
      $?.exitstatus || 130
    end

    def self.words
      Shellwords.split(ENV['PROVISION_ARGS'].to_s)
    rescue ArgumentError => e
      raise Failure.new("PROVISION_ARGS: #{e.message}", nil, code: 3)
    end

    def self.failure(failed)
      code = failed.map(&:first).max
      names = failed.map(&:last).join(', ')
      return Failure.new("#{names}: --check found differences", code: code) if failed.all? { |one, _| one == 2 }

      # The next `vagrant up` reports the machines as already provisioned.
      Failure.new("#{names}: provisioning failed (exit code #{code}); see the error above", 'to try again: vagrant provision',
                  code: code)
    end

    private_class_method :run, :up, :wait, :section, :start, :words, :failure
  end
end
