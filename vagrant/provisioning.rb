# frozen_string_literal: true

require 'shellwords'
require 'tempfile'
require_relative 'failure'
require_relative 'node'

module TheAPP
  # Runs of the provisioner that a command has asked for. It wants all machines of an approach at once, so it runs
  # when the command has done with all of them: once, however many machines asked, and in whichever order.
  module Provisioning
    LOCK = Mutex.new
    OWED = {}

    def self.owe(approach, env)
      LOCK.synchronize { OWED[approach] = env }
    end

    # Runs what is owed. Raises the worst failure.
    def self.settle
      owed = LOCK.synchronize { OWED.dup.tap { OWED.clear } }
      failed = owed.map { |approach, env| [run(approach, env), approach] }.reject { |code, _| code.zero? }
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

    # The machines of an approach by their own names, and those of them that are not up.
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
      env.ui.warn("#{approach} is provisioned when all its machines are up; not yet: #{missing.join(', ')}\n" \
                  "  → vagrant up --provision /#{approach}/")
      0
    end

    # As `vagrant ssh-config` has it.
    def self.section(name, info)
      keys = Array(info[:private_key_path]).map { |path| "  IdentityFile \"#{path}\"\n" }.join
      "Host #{name}\n  HostName #{info[:host]}\n  User #{info[:username]}\n  Port #{info[:port]}\n#{keys}"
    end

    # On the terminal that Vagrant has, so that what it shows is what it shows elsewhere.
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
      return Failure.new("#{names}: there are differences", code: code) if failed.all? { |one, _| one == 2 }

      # "already provisioned", says the next `vagrant up`
      Failure.new("#{names}: provisioning has failed (exit code #{code}), for the reason above", 'again: vagrant provision',
                  code: code)
    end

    private_class_method :run, :up, :wait, :section, :start, :words, :failure
  end
end
