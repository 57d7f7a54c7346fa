# frozen_string_literal: true

require 'socket'
require_relative 'failure'
require_relative 'node'

module TheAPP
  # Checks the requirements before a machine starts, and adds what to do to Vagrant's errors about boxes.
  class Requirements
    BOX_ERRORS = %w[BoxAddShortNotFound BoxAddNoMatchingProvider BoxAddNoMatchingVersion BoxAddMetadataMultiURL
                    BoxNotFound BoxNotFoundWithProvider BoxNotFoundWithProviderAndVersion BoxChecksumMismatch
                    BoxVerificationFailed DownloaderError DownloaderChecksumError]
                 .select { |name| Vagrant::Errors.const_defined?(name) }
                 .map { |name| Vagrant::Errors.const_get(name) }

    def initialize(app, _env)
      @app = app
    end

    def call(env)
      machine = env[:machine]
      return @app.call(env) unless machine.config.vm.provisioners.any? { |one| one.type == :theapp }

      Node.path unless env[:provision_enabled] == false
      before_start(machine) if starts?(env[:machine_action], machine.state.id)
      begin
        @app.call(env)
      rescue *BOX_ERRORS => e
        raise box_failure(machine, e)
      end
    end

    private

    def starts?(action, state)
      (action == :up && state != :running) || (action == :reload && !%i[running not_created].include?(state))
    end

    def before_start(machine)
      Hardware.require_virtualisation(machine)
      machine.config.vm.networks.each do |type, options|
        require_free(options[:host], machine) if type == :forwarded_port && options[:id] != 'ssh'
      end
    end

    def require_free(port, machine)
      TCPServer.new('127.0.0.1', port).close
    rescue Errno::EADDRINUSE, Errno::EACCES => e
      approach, name = machine.name.to_s.split('-', 2)
      what = e.is_a?(Errno::EACCES) ? 'only root can use it' : 'another program uses it'
      raise Failure.new("#{name}: port #{port} of this computer cannot be forwarded: #{what}",
                        'stop that program (to remove a machine of the lab: npm run lab -- down ' \
                        "#{approach}), or choose another port under \"forward\" in approaches/#{approach}/machines.yml")
    end

    def box_failure(machine, error)
      vm = machine.config.vm
      box = [vm.box, vm.box_version].compact.join(' ')
      Failure.new("the box #{box} is not available for #{machine.provider_name}:\n\n#{error.message.strip}\n",
                  "check the network, or choose another box: docs/vagrant.md, \"Boxes\"\n  " \
                  '→ on Linux with libvirt, build one from Debian packages: npm run lab -- box')
    end
  end
end
