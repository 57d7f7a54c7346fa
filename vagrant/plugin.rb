# frozen_string_literal: true

require_relative 'approaches'
require_relative 'definition'
require_relative 'hardware'
require_relative 'provisioning'
require_relative 'requirements'

module TheAPP
  # `provision :theapp { |theapp| theapp.approach = 'approach_0' }`
  class ProvisionerConfig < Vagrant.plugin('2', :config)
    attr_accessor :approach
  end

  # Vagrant runs this for each machine, as it runs its built-in provisioners.
  class Provisioner < Vagrant.plugin('2', :provisioner)
    def provision
      # SSH answers before the other services of a machine that has just started.
      @machine.communicate.execute('timeout 300 systemctl is-system-running --wait', error_check: false)
      Provisioning.request(config.approach, @machine.env)
    end
  end

  # Vagrant's last step of a successful command.
  class AtTheEnd
    def initialize(app, _env)
      @app = app
    end

    def call(env)
      @app.call(env)
      Provisioning.run_requested unless $!
    end
  end

  class Plugin < Vagrant.plugin('2')
    name 'theapp'

    config(:theapp, :provisioner) { ProvisionerConfig }
    provisioner(:theapp) { Provisioner }

    %i[up reload provision resume].each do |action|
      action_hook(:theapp, :"machine_action_#{action}") { |hook| hook.prepend(Requirements) }
    end
    action_hook(:theapp, :environment_unload) { |hook| hook.append(AtTheEnd) }
  end
end
