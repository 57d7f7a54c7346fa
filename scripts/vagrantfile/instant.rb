# frozen_string_literal: true

# A provider whose machines start within half a second, in parallel, for tests of Vagrant with several machines. The
# machine named in BROKEN does not start.
class Instant < Vagrant.plugin('2')
  name 'instant machines'

  class Provider < Vagrant.plugin('2', :provider)
    Builtin = Vagrant::Action::Builtin

    def self.usable?(_raise = false) = true

    def initialize(machine) = @machine = machine

    def action(name)
      steps = { up: [Builtin::ConfigValidate, Builtin::Provision, Boot], destroy: [Gone],
                provision: @machine.id ? [Builtin::Provision] : [] }.fetch(name, [])
      Vagrant::Action::Builder.new.tap { |builder| steps.each { |step| builder.use(step) } }
    end

    def state
      id = @machine.id ? :running : :not_created
      Vagrant::MachineState.new(id, id.to_s.tr('_', ' '), '')
    end

    def ssh_info
      { host: '127.0.0.1', port: 2200, username: 'vagrant', private_key_path: ["/key of #{@machine.name}"] } if @machine.id
    end
  end

  # Each step receives the next one and calls it.
  class Boot
    def initialize(app, _env) = @app = app

    def call(env)
      name = env[:machine].name.to_s
      sleep(name.hash.abs % 5 * 0.1)
      raise Vagrant::Errors::VMNotRunningError if ENV['BROKEN'] == name

      env[:machine].id = name
      @app.call(env)
    end
  end

  class Gone
    def initialize(app, _env) = @app = app

    def call(env)
      env[:machine].id = nil
      @app.call(env)
    end
  end

  class Silent < Vagrant.plugin('2', :communicator)
    def ready? = true

    def execute(*, **) = 0
  end

  provider(:instant, parallel: true, box_optional: true) { Provider }
  communicator(:silent) { Silent }
end

Vagrant.configure('2') { |config| config.vm.communicator = :silent }
